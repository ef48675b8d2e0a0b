import functools
import io
import itertools
import pickle

import grain
import numpy as np
import pytest
from PIL import Image

from fer_jax.data import pipeline

N = 23  # of the fixture's training split; value of an image = its row


def noise(size_px, channels=3, seed=0):
    pixels = np.random.default_rng(seed).integers(0, 256, (size_px, size_px, channels))
    return pixels.astype(np.uint8).squeeze()


@pytest.mark.parametrize('subsampling', ['4:4:4', '4:2:2', '4:2:0'])
@pytest.mark.parametrize('size_px', [1, 7, 16, 33, 100])
@pytest.mark.parametrize('channels', [1, 3])
def test_both_decoders_give_the_same_bits(
    monkeypatch, encoded, subsampling, size_px, channels
):
    pytest.importorskip('simplejpeg')
    pixels = noise(size_px + 1, channels)[:size_px, :size_px]
    options = {} if channels == 1 else {'subsampling': subsampling}
    for quality, progressive in ((92, False), (60, True)):
        data = encoded(
            pixels, 'JPEG', quality=quality, progressive=progressive, **options
        )
        fast = pipeline.decode(data, size_px)
        with monkeypatch.context() as without:
            without.setattr(pipeline, 'simplejpeg', None)
            slow = pipeline.decode(data, size_px)
        assert fast.shape == (size_px, size_px, 3)
        assert fast.dtype == slow.dtype == np.uint8
        np.testing.assert_array_equal(fast, slow)


def test_png_is_lossless_and_grey_becomes_rgb(encoded):
    grey, rgb = noise(9, 1), noise(9, 3)
    np.testing.assert_array_equal(pipeline.decode(encoded(rgb), 9), rgb)
    found = pipeline.decode(encoded(grey), 9)
    np.testing.assert_array_equal(found, np.stack([grey] * 3, axis=-1))


def test_cmyk_jpeg_is_left_to_pillow():
    data = io.BytesIO()
    Image.fromarray(np.full((8, 8, 3), 51, np.uint8)).convert('CMYK').save(data, 'JPEG')
    np.testing.assert_allclose(pipeline.decode(data.getvalue(), 8), 51, atol=2)


@pytest.mark.parametrize('kind', ['JPEG', 'PNG'])
@pytest.mark.parametrize('fast', [True, False])
@pytest.mark.parametrize('size_px', [12, 14])
def test_wrong_size_names_the_record(monkeypatch, encoded, kind, fast, size_px):
    if not fast:
        monkeypatch.setattr(pipeline, 'simplejpeg', None)
    with pytest.raises(ValueError, match=f'a/7: image of 13x13, wanted {size_px}x'):
        pipeline.decode(encoded(noise(13), kind), size_px, 'a/7')


@pytest.mark.parametrize('kind', ['JPEG', 'PNG'])
@pytest.mark.parametrize('fast', [True, False])
def test_damaged_image_names_the_record(monkeypatch, encoded, kind, fast):
    if not fast:
        monkeypatch.setattr(pipeline, 'simplejpeg', None)
    data = encoded(noise(16), kind)
    for cut in (0, 3, len(data) // 2):
        with pytest.raises(ValueError, match='a/7: not a readable image'):
            pipeline.decode(data[:cut], 16, 'a/7')


def rows(batch):
    """Rows of the split that a batch shows, read off its pixels."""
    images = batch['images']
    assert images.dtype == np.uint8
    assert (images == images[:, :1, :1, :1]).all()
    return images[:, 0, 0, 0].tolist()


def training(split, positions, *, batch_size, seed, labels=None, **rows):
    """Batches of all of these positions."""
    places = np.arange(len(positions))
    order = pipeline.Order(places, batch_size, seed, labels)
    return pipeline.training(pipeline.Reader(split, positions), order, **rows)


def once(split, positions, **shape):
    return pipeline.once(pipeline.Reader(split, positions), **shape)


def test_epochs_are_whole_new_orders(write_set):
    """23 examples in batches of 5: 4 steps an epoch, 3 examples sit out."""
    ds = training(write_set().train, np.arange(N), batch_size=5, seed=0)
    epochs = [[rows(ds[4 * epoch + i]) for i in range(4)] for epoch in range(12)]
    orders = [list(itertools.chain(*epoch)) for epoch in epochs]
    for order in orders:
        assert len(set(order)) == 20
    assert len({tuple(order) for order in orders}) == 12
    assert len(set().union(*orders)) == N  # the ones left out change


def test_index_is_the_place_in_positions(write_set):
    positions = np.array([3, 20, 11, 7, 15])
    split = write_set().train
    for ds in (
        training(split, positions, batch_size=2, seed=0),
        once(split, positions, batch_size=2),
    ):
        for k in range(3):
            assert positions[ds[k]['index']].tolist() == rows(ds[k])
            assert ds[k]['index'].dtype == np.int32


def test_position_is_the_step_however_it_is_reached(write_set):
    split = write_set().train

    def dataset(seed):
        return training(split, np.arange(N), batch_size=4, seed=seed)

    wanted = [rows(dataset(7)[k]) for k in range(20)]
    for start in (0, 1, 13):
        batches = pipeline.batches(dataset(7), start)
        assert [rows(next(batches)) for _ in range(20 - start)] == wanted[start:]
        batches.close()
    assert [rows(dataset(7)[k]) for k in (19, 2)] == [wanted[19], wanted[2]]
    assert [rows(dataset(8)[k]) for k in range(20)] != wanted
    assert isinstance(dataset(7), grain.MapDataset)


def test_kept_images_are_decoded_once(write_set, monkeypatch):
    """Two epochs of four steps and a pass: 23 decoded; the batches are those of a
    Reader, from threads as well."""
    decoded = []
    decode = pipeline.decode

    def counting(data, size_px, name, out):
        decoded.append(name)
        return decode(data, size_px, name, out)

    split = write_set().train
    reader, order = pipeline.Reader(split), pipeline.Order(np.arange(N), 5, 0)
    wanted = [pipeline.training(reader, order)[k] for k in range(8)]
    monkeypatch.setattr(pipeline, 'decode', counting)
    kept = pipeline.Kept(reader)
    for k, batch in enumerate(wanted):
        found = pipeline.training(kept, order)[k]
        np.testing.assert_array_equal(found['images'], batch['images'])
        np.testing.assert_array_equal(found['index'], batch['index'])
    (batch,) = pipeline.batches(pipeline.once(kept, batch_size=N))
    assert rows(batch) == list(range(N))
    assert sorted(decoded) == sorted(split.ids.tolist())


def test_far_step_is_reached_at_once(write_set):
    ds = training(write_set().train, np.arange(N), batch_size=4, seed=0)
    batches = pipeline.batches(ds, 10**12)
    assert rows(next(batches)) == rows(ds[10**12])
    batches.close()


# 23 examples of the classes 0, 2 and 5: 2, 20 and 1 of them
LABELS = np.array([2] * 10 + [0, 5, 0] + [2] * 10)


def test_balanced_classes_come_equally_often(write_set):
    """1,200 draws, 400 a class: standard deviation 16; a class's examples alike, 200
    each of the first and 20 each of the second, standard deviation 14 and 4.5."""
    ds = training(write_set().train, np.arange(N), batch_size=20, seed=0, labels=LABELS)
    drawn = np.concatenate([rows(ds[k]) for k in range(60)])
    counts = np.bincount(LABELS[drawn], minlength=6)
    np.testing.assert_allclose(counts, [400, 0, 400, 0, 0, 400], atol=65)
    shown = np.bincount(drawn, minlength=N)
    np.testing.assert_allclose(shown[LABELS == 0], 200, atol=56)
    np.testing.assert_allclose(shown[LABELS == 2], 20, atol=19)


def test_balanced_draws_are_those_of_seed_and_epoch(write_set):
    """Philox of (seed, epoch): a class by the first row of random(2, n), its place by
    the second; from any start and in any process."""
    split = write_set().train

    def dataset(seed):
        return training(split, np.arange(N), batch_size=10, seed=seed, labels=LABELS)

    wanted = []
    for epoch in range(3):
        chances = np.random.Generator(np.random.Philox(key=(7, epoch))).random((2, N))
        for u, v in chances.T[:20]:
            chosen = (0, 2, 5)[int(3 * u)]
            places = np.flatnonzero(chosen == LABELS)
            wanted.append(places[int(v * len(places))])
    drawn = [rows(dataset(7)[k]) for k in range(6)]
    assert list(itertools.chain(*drawn)) == wanted
    assert [rows(dataset(8)[k]) for k in range(6)] != drawn
    elsewhere = pickle.loads(pickle.dumps(dataset(7)))  # as a worker process gets it
    batches = pipeline.batches(elsewhere, 3)
    assert [rows(next(batches)) for _ in range(3)] == drawn[3:]
    batches.close()


def test_balanced_positions(write_set):
    """Labels are those of the positions, not of the rows of the split."""
    positions = np.array([20, 3, 11])
    ds = training(write_set().train, positions, batch_size=3, seed=0, labels=[1, 0, 0])
    drawn = np.concatenate([rows(ds[k]) for k in range(100)])
    assert abs(np.mean(drawn == 20) - 0.5) < 0.12  # deviation .029
    assert set(drawn.tolist()) == {20, 3, 11}


def test_labels_of_another_length(write_set):
    with pytest.raises(ValueError, match='3 labels for 23 training examples'):
        training(
            write_set().train, np.arange(N), batch_size=4, seed=0, labels=[0, 1, 2]
        )


def test_a_fold_keeps_the_places_of_the_others():
    """Places 1, 4, 6, 8, 9 in the order that 0 to 4 have."""
    places = np.array([1, 4, 6, 8, 9])
    some, every = pipeline.Order(places, 2, 7), pipeline.Order(np.arange(5), 2, 7)
    for step in range(6):
        np.testing.assert_array_equal(some(step), places[every(step)])
        assert some(step).dtype == np.int32


def test_worker_processes_give_the_same_batches(write_set):
    ds = training(write_set().train, np.arange(N), batch_size=4, seed=0)
    batches = pipeline.batches(ds, 3, workers=1)
    assert [rows(next(batches)) for _ in range(6)] == [rows(ds[k]) for k in range(3, 9)]
    batches.close()


@pytest.mark.parametrize('batch_size', [1, 7, N, N + 3])
def test_each_example_is_evaluated_exactly_once(write_set, batch_size):
    ds = once(write_set().train, np.arange(N), batch_size=batch_size)
    assert len(ds) == -(-N // batch_size)
    seen, padding = [], []
    for batch in pipeline.batches(ds):
        assert len(batch['images']) == len(batch['mask']) == batch_size
        shown, mask = np.array(rows(batch)), batch['mask']
        np.testing.assert_array_equal(batch['index'], shown)
        seen += shown[mask].tolist()
        padding += shown[~mask].tolist()
    assert seen == list(range(N))
    assert set(padding) <= {N - 1}  # the last example again


@pytest.mark.parametrize(
    'make',
    [functools.partial(training, seed=3), once],
    ids=['training', 'once'],
)
def test_hosts_read_the_same_batches_in_parts(write_set, make):
    """Rows 0 to 3 of each batch of 6, and the others: together what one host reads."""
    split = write_set().train
    whole, first, second = (
        make(split, np.arange(N), batch_size=6, rows=part)
        for part in (slice(None), slice(0, 4), slice(4, 6))
    )
    for k in (0, 3):
        assert len(first[k]['images']) == 4
        for name, values in whole[k].items():
            parts = first[k][name], second[k][name]
            np.testing.assert_array_equal(np.concatenate(parts), values)


@pytest.mark.parametrize('batch_size', [0, 6])
def test_batch_size_that_does_not_fit(write_set, batch_size):
    split = write_set().train
    with pytest.raises(ValueError, match=f'batch_size {batch_size} with 5 training'):
        training(split, np.arange(5), batch_size=batch_size, seed=0)


def test_nothing_to_evaluate(write_set):
    with pytest.raises(ValueError, match='0 examples'):
        once(write_set().train, np.arange(0), batch_size=4)


def test_tables_of_other_records_are_noticed(write_set):
    split = write_set().train
    swapped = split._replace(ids=split.ids[::-1])
    ds = once(swapped, np.arange(N), batch_size=4)
    with pytest.raises(ValueError, match=r"record 0 is 'train/000', labels\.npz says"):
        ds[0]
    shorter = split._replace(ids=split.ids[:-1])
    with pytest.raises(ValueError, match='hold 23 records'):
        once(shorter, np.arange(4), batch_size=4)
