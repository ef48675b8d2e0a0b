"""A data set with every fault that the doctor knows, by hand; and sound ones."""

import io
import json
import re
import shutil

import numpy as np
import pytest
from PIL import Image

from data_prep import __main__ as data_prep
from data_prep import processes, squares
from data_prep.doctor import copies, pixels
from fer_jax import errors
from fer_jax.data import prepared, whole, writing


def blobs(seed, size_px=48):
    """A colourful picture of soft spots, unlike that of any other seed."""
    values = np.random.default_rng(seed).integers(0, 256, (9, 9, 3), np.uint8)
    return Image.fromarray(values).resize((size_px, size_px), Image.Resampling.BICUBIC)


def encoded(image, kind='PNG', **options):
    data = io.BytesIO()
    image.save(data, kind, **options)
    return data.getvalue()


def doctor(folder, tmp_path):
    """Exit code, JSON report and page."""
    out = tmp_path / 'reports' / 'report'
    code = data_prep.main(['doctor', str(folder), f'--out={out}', '--force'])
    if not out.with_name('report.json').is_file():
        return code, None, None
    report = json.loads(out.with_name('report.json').read_text())
    return code, report, out.with_name('report.html').read_text()


def told(report):
    """{name of a finding: (wrong, ids of its pictures, group by group)}."""
    return {
        finding['name']: (
            finding['wrong'],
            [[one['id'] for one in group] for group in finding['pictures']],
        )
        for finding in report['findings']
    }


@pytest.fixture
def raw(tmp_path):
    """Folders train and test of three classes, five sound pictures in each."""
    root, seed = tmp_path / 'raw', 0
    for split in ('train', 'test'):
        for name in ('happy', 'sad', 'odd'):
            (root / split / name).mkdir(parents=True)
            for number in range(5):
                blobs(seed).save(root / split / name / f'{number}.png')
                seed += 1
    return root


def test_a_sound_folder_is_well(raw, tmp_path, capsys):
    code, report, page = doctor(raw, tmp_path)
    assert code == 0
    assert report['recognised'] == 'folder of images'
    assert report['findings'] == []
    assert report['splits']['test']['classes']['sad'] == [5, None]
    assert 'nothing is wrong' in capsys.readouterr().out
    assert 'Nothing is wrong; 0 remarks' in page


def test_every_fault_of_a_raw_folder_is_named(raw, tmp_path, capsys):
    train, test = raw / 'train', raw / 'test'
    whole = (train / 'sad/0.png').read_bytes()
    (train / 'sad/cut.png').write_bytes(whole[: len(whole) // 2])
    (train / 'sad/empty.jpg').write_bytes(b'')
    (train / 'sad/page.jpg').write_text('<html>404</html>')
    Image.new('RGB', (1, 1)).save(train / 'odd/point.png')
    Image.new('RGB', (48, 48), (0, 0, 9)).save(train / 'odd/night.png')
    # the same pixels in another file, in the other split; and with another label
    (test / 'happy/leak.bmp').write_bytes(
        encoded(Image.open(train / 'happy/1.png'), 'BMP')
    )
    shutil.copy(train / 'happy/2.png', train / 'sad/2b.png')
    shutil.copy(train / 'happy/3.png', train / 'happy/3b.png')
    large = Image.open(train / 'odd/4.png').resize((96, 96), Image.Resampling.BICUBIC)
    large.save(test / 'odd/near.jpg', quality=85)
    code, report, page = doctor(raw, tmp_path)
    assert code == 1
    screen = capsys.readouterr().out
    assert f'broken one): {train}/sad/empty.jpg; {train}/sad/page.jpg\n' in screen
    assert f'a split): {train}/happy/2.png = {train}/sad/2b.png\n' in screen
    found = told(report)
    assert found == {
        'truncated': (True, [['train/sad/cut.png']]),
        'unreadable': (True, [['train/sad/empty.jpg'], ['train/sad/page.jpg']]),
        'tiny': (True, [['train/odd/point.png']]),
        'blank': (True, [['train/odd/night.png']]),
        'copies across splits': (True, [['train/happy/1.png', 'test/happy/leak.bmp']]),
        'contradictions': (True, [['train/happy/2.png', 'train/sad/2b.png']]),
        'copies': (False, [['train/happy/3.png', 'train/happy/3b.png']]),
        'near copies across splits': (
            False,
            [['train/odd/4.png', 'test/odd/near.jpg']],
        ),
    }
    # self-contained: pictures within, and nothing is asked for
    assert page.count('src="data:image/jpeg;base64,') == 10
    assert page.count('&#215;') == 3
    assert not re.search(r'(src|href)=(?!"data:)|@import|url\(|<script', page)


def kinds():
    """(name, file, traits) of pictures that doors put right."""
    picture = blobs(1)
    grey = np.asarray(picture.convert('L'))
    see_through = picture.copy()
    see_through.putalpha(Image.linear_gradient('L').resize((48, 48)))
    turned = Image.Exif()
    turned[0x0112] = 6
    frames = {'save_all': True, 'append_images': [blobs(2)]}
    return [
        ('plain', encoded(picture), ()),
        ('jpeg', encoded(picture, 'JPEG'), ()),
        ('cmyk', encoded(picture.convert('CMYK'), 'JPEG'), ('CMYK',)),
        ('deep', encoded(Image.fromarray(grey.astype(np.uint16) << 8)),
         ('16-bit', 'grey')),
        ('alpha', encoded(see_through), ('alpha',)),
        ('grey', encoded(Image.fromarray(grey)), ('grey',)),
        ('grey in RGB', encoded(Image.fromarray(grey).convert('RGB'), 'JPEG'),
         ('grey',)),
        ('palette', encoded(picture.convert('P')), ('palette',)),
        ('turned', encoded(picture, 'JPEG', exif=turned), ('turned',)),
        ('animated', encoded(picture.convert('P'), 'GIF', **frames),
         ('palette', 'animated')),
    ]  # fmt: skip


@pytest.mark.parametrize(('name', 'content', 'traits'), kinds())
def test_what_a_picture_is(name, content, traits):
    seen = pixels.examine(content)
    assert not seen.trouble, name
    assert seen.size == (48, 48)
    assert seen.traits == traits


def test_16_bits_of_three_colours_which_pillow_does_not_tell(png16):
    bright = np.full((48, 48, 3), 40_000, np.uint16)
    bright[:20] = 100
    seen = pixels.examine(png16(bright))
    assert seen.traits == ('16-bit', 'grey')
    dark = pixels.examine(png16(bright // 16))  # a value of 2,500 is one of 9
    assert dark.trouble == 'unreadable'
    assert '16-bit colours do not go beyond 4,095' in dark.said


@pytest.mark.parametrize('kind', ['PNG', 'JPEG'])
@pytest.mark.parametrize('share', [0.3, 0.9])
def test_files_cut_short_are_truncated(kind, share):
    content = encoded(blobs(3), kind)
    assert pixels.examine(content[: int(share * len(content))]).trouble == 'truncated'


def test_moments_by_hand():
    """Half red (1, 0, 0), half black: means 1/2, 0, 0, also of the squares."""
    half = np.zeros((16, 16, 3), np.uint8)
    half[:8, :, 0] = 255
    found = pixels.examine(encoded(Image.fromarray(half)))
    assert found.moments == (0.5, 0, 0, 0.5, 0, 0)


def test_a_box_of_less_than_a_pixel_is_refused_as_it_is_by_an_import():
    """Of .6 to 1.5 there is .9; of 1.5 to 2.5 there is 1, in two columns."""
    picture = Image.fromarray(np.zeros((20, 20, 3), np.uint8))
    with pytest.raises(errors.Unusable, match='its box goes from'):
        squares.check_box((0.6, 0, 1.5, 10), picture.size)
    with pytest.raises(errors.Unusable, match='its box goes from'):
        pixels.inside(picture, (0.6, 0, 1.5, 10))
    assert pixels.inside(picture, (1.5, 0, 2.5, 10)).size == (2, 10)


def test_a_box_is_what_counts_of_a_picture():
    picture = blobs(4)
    boxed = pixels.examine(encoded(picture), (10, 12, 40, 44))
    assert (
        boxed.digest == pixels.examine(encoded(picture.crop((10, 12, 40, 44)))).digest
    )


def test_near_pairs_as_by_comparing_all():
    """900 signatures, among them 300 copies with 0 to 30 bits turned."""
    generator = np.random.default_rng(5)
    bits = generator.integers(0, 2, (600, 256), np.uint8)
    copied = bits[:300].copy()
    for row in range(300):
        copied[row, generator.choice(256, row // 10, replace=False)] ^= 1
    signatures = np.packbits(np.concatenate([bits, copied]), axis=1)
    pairs, differ = copies.alike(signatures)
    apart = np.bitwise_count(signatures[:, None] ^ signatures).sum(axis=2)
    wanted = np.argwhere(np.triu(apart <= copies.MOST, 1))
    np.testing.assert_array_equal(apart[tuple(pairs.T)], differ)
    found = {tuple(pair) for pair in pairs.tolist()}
    missing = {tuple(pair) for pair in wanted.tolist()} - found
    assert found <= {tuple(pair) for pair in wanted.tolist()}
    assert len(wanted) == 250
    assert len(missing) <= 2  # of the 90 with 16 bits or more, up to 1 in 100
    assert all(apart[pair] > 15 for pair in missing)


def test_groups_by_hand():
    assert copies.identical([b'a', b'b', b'', b'a', b'', b'c', b'a']) == [[0, 3, 6]]
    pairs = np.array([[0, 3], [3, 5], [1, 2]])
    assert sorted(copies.connected(pairs, 6)) == [[0, 3, 5], [1, 2]]
    assert copies.connected(pairs[:0], 6) == []
    assert copies.alike(np.zeros((0, 32), np.uint8))[0].shape == (0, 2)


@pytest.fixture
def written(tmp_path):
    """write(images of train) -> a prepared folder of two classes; two test images."""

    def write(train, set_name='folder', names=('happy', 'sad')):
        examples = {
            'train': [
                writing.Example(f'train-{place}', image, place % 2)
                for place, image in enumerate(train)
            ],
            'test': [
                writing.Example(f'test-{place}', encoded(blobs(100 + place)), place)
                for place in range(2)
            ],
        }
        writing.write(
            tmp_path / 'set', set_name=set_name, class_names=names, image_size_px=48,
            recipe={'door': 'hand'}, splits=examples,
        )  # fmt: skip
        return tmp_path / 'set'

    return write


def test_a_sound_prepared_folder_is_well(written, tmp_path):
    folder = written([encoded(blobs(seed)) for seed in range(4)])
    code, report, _ = doctor(folder, tmp_path)
    assert code == 0, report['findings']
    assert report['facts']['digest'] == prepared.load(folder).digest
    assert report['recognised'] == 'prepared folder'


def test_what_is_wrong_in_a_prepared_folder_alone(written, tmp_path):
    """Transparent parts would show what is below them; a raw folder's door whitens."""
    see_through = blobs(0)
    see_through.putalpha(128)
    folder = written([encoded(see_through), encoded(blobs(1))], 'fer2013')
    code, report, _ = doctor(folder, tmp_path)
    assert code == 1
    found = told(report)
    assert found['alpha'] == (True, [['train-0']])
    assert found['classes'] == (True, [])
    assert found['counts'] == (False, [])


def test_a_damaged_record_is_named_and_the_others_are_examined(written, tmp_path):
    folder = written([encoded(blobs(seed)) for seed in range(4)])
    (shard,) = folder.glob('train*.tfrecord')
    content = bytearray(shard.read_bytes())
    content[len(content) * 3 // 8] ^= 1
    shard.write_bytes(content)
    code, report, _ = doctor(folder, tmp_path)
    assert code == 1
    found = told(report)
    assert found['unreadable'] == (True, [['train-1']])
    damage = next(f['texts'] for f in report['findings'] if f['name'] == 'damaged')
    assert 'record 1 at byte' in damage[0]
    assert 'sha256 is not that of manifest.json' in damage[1]
    assert len(report['findings']) == 2


@pytest.mark.parametrize(
    ('table', 'place', 'value', 'said'),
    [
        ('train_labels', 1, 99, '1 labels are not in 0 to 1, as 99 of'),
        ('train_clean_labels', 0, -2, '1 labels are not in -1 to 1, as -2 of'),
        ('test_ids', 1, 'test-0', "1 ids are empty or there more than once, as 'test"),
    ],
)
def test_what_no_set_can_hold_is_told_though_its_sum_is_right(
    written, tmp_path, table, place, value, said
):
    folder = written([encoded(blobs(seed)) for seed in range(4)])
    labels = dict(np.load(folder / 'labels.npz'))
    labels[table][place] = value
    np.savez(folder / 'labels.npz', **labels)
    manifest = json.loads((folder / 'manifest.json').read_text())
    manifest['sha256']['labels.npz'] = whole.file_sum(folder / 'labels.npz')
    (folder / 'manifest.json').write_text(json.dumps(manifest))
    with pytest.raises(errors.Unusable, match=said):
        prepared.load(folder)
    code, report, _ = doctor(folder, tmp_path)
    assert code == 1
    (text,) = next(f['texts'] for f in report['findings'] if f['name'] == 'damaged')
    assert said in text


def test_dark_pictures_and_rare_classes_are_remarks(written, tmp_path):
    """22 of one class, 2 of the other; all at a fifth of the light."""
    dark = [blobs(seed).point(lambda value: value // 5) for seed in range(44)]
    kept = [image for place, image in enumerate(dark) if place % 2 == 0 or place < 4]
    examples = [
        writing.Example(f'{place}', encoded(image), int(place < 2))
        for place, image in enumerate(kept)
    ]
    writing.write(
        tmp_path / 'set', set_name='folder', class_names=('a', 'b'), image_size_px=48,
        recipe={}, splits={'train': examples, 'test': examples[:1] + examples[-1:]},
    )  # fmt: skip
    _, report, _ = doctor(tmp_path / 'set', tmp_path)
    said = {finding['name']: finding['texts'] for finding in report['findings']}
    assert said['imbalance'] == ['train: 22 a, 2 b']
    assert len(said['statistics']) == 3
    assert said['statistics'][0].startswith('R: mean 0.0')
    assert report['statistics']['expected_mean'] == [0.485, 0.456, 0.406]
    assert said['copies across splits'] == ['2 of train', '2 of test']


def test_fer2013_as_csv(tmp_path):
    """Six faces: rows 0 and 4 have the same pixels in two splits, row 2 is black."""
    rows = ['emotion,pixels,Usage']
    usages = ('Training',) * 4 + ('PublicTest', 'PrivateTest')
    for row, usage in enumerate(usages):
        grey = np.asarray(blobs(0 if row == 4 else row).convert('L')) * (row != 2)
        rows.append(f'{row},{" ".join(map(str, grey.ravel()))},{usage}')
    (tmp_path / 'fer').mkdir()
    (tmp_path / 'fer/fer2013.csv').write_text('\n'.join(rows))
    code, report, _ = doctor(tmp_path / 'fer', tmp_path)
    assert code == 1
    assert report['splits']['private_test']['published'] == 3589
    assert report['splits']['train']['classes']['anger'] == [1, 3995]
    found = told(report)
    assert found['blank'] == (True, [['train-00002']])
    assert found['copies across splits'] == (True, [['train-00000', 'public-00004']])


def test_what_cannot_be_examined(raw, tmp_path, capsys):
    (tmp_path / 'nothing').mkdir()
    for folder, wanted in (
        (tmp_path / 'absent', 'no such folder'),
        (tmp_path / 'nothing', 'no prepared folder, no published layout'),
    ):
        assert doctor(folder, tmp_path) == (2, None, None)
        (line,) = capsys.readouterr().err.splitlines()
        assert wanted in line
    (tmp_path / 'r.html').write_text('mine')
    assert data_prep.main(['doctor', str(raw), f'--out={tmp_path / "r"}']) == 2
    assert 'pass --force' in capsys.readouterr().err
    assert (tmp_path / 'r.html').read_text() == 'mine'


def test_several_processes_see_the_same(monkeypatch):
    monkeypatch.setattr(pixels, 'FEW', 4)
    monkeypatch.setattr(processes, 'CHUNK', 2)
    items = [(encoded(blobs(seed)), None) for seed in range(5)]
    items[2] = (lambda: b'late', None)
    found = list(pixels.examine_all(items, workers=2))
    assert found == list(pixels.examine_all(items, workers=1))
    assert [one.trouble for one in found] == ['', '', 'unreadable', '', '']
