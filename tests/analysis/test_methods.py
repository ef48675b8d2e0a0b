"""The page of a real run of every method, and of some with embedding proximity.

Two epochs of 70 faces of 8 pixels; trained once and asked for all that a page shows.
"""

import json
import shutil

import numpy as np
import pytest

from fer_jax import algorithms, nets
from fer_jax.analysis import audit, cases, page, runs, signals
from fer_jax.data import whole
from fer_jax.training import build, files, loop, setup

FITTING = ('arazo', 'dividemix', 'jocor_weights', 'resup')  # have a mixture to show
# those of the paper, and two with mixtures
WITH_PROXIMITY = ('dividemix', 'dmue', 'resup', 'rul', 'scn')
RUNS = [(method, 0.0) for method in algorithms.names()]
RUNS += [(method, 0.01) for method in WITH_PROXIMITY]


def config_of(short, method, weight):
    """Of a run that fits its mixture after the first epoch."""
    config = short(method, 'tiny')
    config.data.image_size_px = 8
    config.model.width = 4
    config.batch_size = 32
    config.epochs = 2
    config.proximity.weight = weight
    if 'warmup_epochs' in config.algorithm:
        config.algorithm.warmup_epochs = 1
    if 'arm' in config.algorithm:
        config.algorithm.arm = 'mixture'
    if weight and config.algorithm.get('mixture') == 'global':
        config.algorithm.mixture = 'class'
    return config


@pytest.fixture(scope='module')
def trained(short, tiny, tmp_path_factory):
    """trained(method, weight of proximity) -> the folder of a run, trained once."""
    done = {}

    def make(method, weight=0.0):
        if (method, weight) not in done:
            workdir = tmp_path_factory.mktemp('runs') / f'{method}-{weight}'
            loop.train(setup.prepare(config_of(short, method, weight), workdir))
            done[method, weight] = workdir
        return done[method, weight]

    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(nets.BACKBONES, 'tiny', tiny)
        yield make


@pytest.mark.parametrize(('method', 'weight'), RUNS)
def test_the_page_is_about_what_the_method_does(trained, method, weight):
    """Its signal, in its unit; the mixtures of those that have one."""
    case = cases.read(trained(method, weight))
    found = audit.gather(case, which=None)
    assert len(page.render('', found)) > 100_000
    config = case.run.result['config']
    signal = build.method(
        config['algorithm'], config['model'], num_classes=7, num_examples=70
    ).signal
    assert case.run.result['signal'] == signal.about
    assert case.judged[:2] == (signal.name, signal.rising)
    scores = case.run.scores
    assert (scores.min() < 0) == (signal.name == 'log_odds')
    assert (scores.max() <= 1 + 1e-6) or signal.name != 'similarity'
    counts = found['epochs']['histogram']['counts']
    assert (counts.sum(axis=-1) == np.isfinite(scores).sum(axis=-1)).all()
    # what the audit takes for evidence points where the method's log-odds do
    believed = case.scale.opinion(scores[-1]).mean(axis=0)
    suspected = np.argsort(case.right)[:20]
    assert believed[suspected].mean() < np.delete(believed, suspected).mean()
    assert case.evidence.shape == (70, len(case.class_names))
    np.testing.assert_allclose(case.evidence.sum(axis=1), 1, rtol=1e-5)
    np.testing.assert_array_equal(case.evidence.argmax(axis=1), case.suggested)
    estimated = found['noise']['transitions']['estimated']
    np.testing.assert_allclose(estimated.sum(axis=1), 1, rtol=1e-5)
    assert (case.judged.fits is not None) == (method in FITTING)
    density = found['epochs']['histogram']['density']
    assert (density is not None) == (method in FITTING)
    if density:
        shown = density['values'].any(axis=-1)  # [E, P, component]
        ready = case.judged.fits.ready
        by_class = weight > 0 and method == 'resup'
        assert ready.shape == counts.shape[:2] + (7,) * by_class
        ready = ready.any(axis=-1) if by_class else ready
        assert (shown == ready[..., None]).all()
        assert found['epochs']['separation'].shape == counts.shape[:2]
        assert 'posterior under the mixture' in found['epochs']['weights']['said']


def test_resup_with_proximity_shows_its_mixtures(trained):
    """One a class; as many labels under all components as in the histogram."""
    case = cases.read(trained('resup', 0.01))
    assert case.judged.fits.ready.any()
    found = audit.gather(case, which=None)['epochs']
    bins, drawn = (found['histogram'][name] for name in ('counts', 'density'))
    labels = drawn['values'].sum(axis=2).mean(axis=-1) * bins.shape[-1]
    ready = case.judged.fits.ready.all(axis=-1)
    np.testing.assert_allclose(labels[ready], 70, rtol=0.1)
    assert np.isfinite(found['separation'][ready]).all()


def test_the_fit_is_the_one_that_the_method_has_at_the_end(trained):
    """Stored are the arrays that log-odds are read from."""
    case = cases.read(trained('arazo'))
    newest = case.judged.fits.mixture.a[-1]
    row = files.read_rows(case.run.folder)[-1]
    np.testing.assert_allclose(newest, row['memory/mixture/a'], rtol=1e-6)


@pytest.mark.parametrize('method', FITTING)
def test_a_run_of_an_older_version_is_fitted_once_more(trained, tmp_path, method):
    """Without signal, answer and fits the method of its config says the same of it."""
    folder = trained(method)
    old = shutil.copytree(folder, tmp_path / 'old')
    result = json.loads((old / 'result.json').read_text())
    for name in ('signal', 'answer'):
        del result[name]
    (old / 'result.json').write_text(json.dumps(result))
    with np.load(folder / 'history.npz') as stored:
        np.savez(old / 'history.npz', **{n: stored[n] for n in ('scores', 'labels')})
    wanted, found = (signals.of(runs.read(each)) for each in (folder, old))
    assert found[:2] == wanted[:2]
    for one, other in zip(found.fits.mixture, wanted.fits.mixture, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4)
    np.testing.assert_array_equal(found.fits.ready, wanted.fits.ready)
    np.testing.assert_array_equal(found.fits.rejected, wanted.fits.rejected)


@pytest.mark.parametrize(
    ('change', 'message'),
    [
        (lambda a: a.pop('fit/span'), 'history.npz has no array fit/span'),
        (
            lambda a: a.update({'fit/ready': a['fit/ready'][:, :1]}),
            'fit/ready of .* is',
        ),
    ],
)
def test_a_history_whose_fits_are_not_whole_is_refused(
    trained, tmp_path, change, message
):
    folder = shutil.copytree(trained('resup'), tmp_path / 'changed')
    with np.load(folder / 'history.npz') as stored:
        arrays = dict(stored)
    change(arrays)
    np.savez(folder / 'history.npz', **arrays)
    with pytest.raises(whole.Damaged, match=message):
        signals.of(runs.read(folder))
