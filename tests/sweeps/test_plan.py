"""Which runs a sweep has, their names, and what is refused before anything runs."""

import io

import pytest

from fer_jax.errors import Unusable
from fer_jax.sweeps import jobs, plan, sweep

CONFIG = 'configs/resup.py:dataset=fer2013'
GIVEN = [('data.dir', 'data')]


def runs(over, config=CONFIG, given=GIVEN):
    return plan.product(config, over, given)


def test_all_combinations_those_of_a_method_together():
    """2 methods x 2 rates x 3 seeds; the seed comes last wherever it is written."""
    found = runs('seed=0..2 algorithm=resup,jocor noise.rate=0.1,.30')
    assert [run.name for run in found][:4] == [
        'resup,noise.rate=0.1,seed=0',
        'resup,noise.rate=0.1,seed=1',
        'resup,noise.rate=0.1,seed=2',
        'resup,noise.rate=0.3,seed=0',
    ]
    assert len(found) == 12
    assert found[-1] == plan.Planned(
        'jocor,noise.rate=0.3,seed=2',
        'configs/jocor.py:dataset=fer2013',
        (
            ('data.dir', 'data'),
            ('noise.rate', '.30'),
            ('seed', '2'),
            ('noise.seed', '2'),
        ),
    )
    config = found[-1].read()
    assert (config.algorithm.name, config.noise.rate) == ('jocor', 0.3)
    assert (config.seed, config.noise.seed) == (2, 2)
    assert config.algorithm.noise_rate == 0.3  # what follows the rate follows it


def test_a_sweep_that_grows_keeps_its_names():
    """The fewer values a field has, the more of its name could be left out: it stays,
    and the order of the words does not matter."""
    few = runs('seed=1 noise.rate=0.2')
    more = runs('noise.rate=0.1,0.20 seed=0..4')
    assert [run.name for run in few] == ['resup,noise.rate=0.2,seed=1']
    assert few[0].name in [run.name for run in more]


@pytest.mark.parametrize(
    ('over', 'given', 'seeds'),
    [
        ('seed=3', [], (3, 3)),
        ('seed=3 noise.seed=5', [], (3, 5)),
        ('seed=3', [('noise.seed', '7')], (3, 7)),
        ('seed=3', [('noise.list', 'lists/a')], (3, 0)),
    ],
)
def test_a_seed_is_that_of_the_noise_unless_told(over, given, seeds):
    config = runs(over, given=GIVEN + given)[0].read()
    assert (config.seed, config.noise.seed) == seeds


def test_names_are_safe_in_any_file_system():
    over = 'noise.list=/a/[x],"/a/b c" optimizer.decay_epochs=(15,24),(10,20)'
    names = [run.name for run in runs(over)]
    assert len({*names}) == 4
    assert names[0].endswith('optimizer.decay_epochs=15+24')
    for name in names:
        assert not {*name} - {*'abcdefghijklmnopqrstuvwxyz0123456789._+-=,'}
    long = runs(f'noise.list=/{"x" * 300}/a,/{"x" * 300}/b')
    assert long[0].name != long[1].name
    assert max(len(run.name) for run in long) < 100


@pytest.mark.parametrize(
    ('over', 'said'),
    [
        ('', '--over is empty'),
        ('seed', "'seed'; wanted NAME=VALUE,VALUE"),
        ('seed=', "'seed='; wanted NAME=VALUE,VALUE"),
        ('seed=1,,2', "'seed=1,,2'; wanted NAME=VALUE,VALUE"),
        ('seed=1,2,', "'seed=1,2,'; wanted NAME=VALUE,VALUE"),
        ('"seed=1', 'No closing quotation'),
        ('seed=4..0', "'seed' from 4 to 0; wanted FIRST..LAST"),
        ('seed=0..99999', 'at most 10,000 of them'),
        ('seed=0..9999 epochs=1,2', '20,000 runs; at most 10,000'),
        ('seed=1 seed=2', "'seed' twice"),
        ('seed=0,0', 'the run resup,seed=0 twice'),
        ('noise.rate=0.2,.20', 'the run resup,noise.rate=0.2 twice'),
        ('noise.rat=0.1', 'Did you mean "rate"'),
        ('sed=0..4', 'Write seed=0'),
        ('noise.rate=20', 'for 20 % write 0.2'),
        ('noise.rate=0.1..0.3', 'wanted a number'),
        ('algorithm=resupp,jocor', 'did you mean resup?'),
        ('algorithm=jocor algorithm.name=scn', 'algorithm=resup,jocor'),
        ('data.name=raf_db', 'write --config=configs/resup.py:dataset=raf_db'),
        ('data.dir=a,b', 'data.dir is in --over and in --config.data.dir'),
        (
            'algorithm=resup,jocor algorithm.warmup_epochs=1,2',
            "--over, jocor algorithm.warmup_epochs=1: no field 'algorithm.warmup_epo",
        ),
    ],
)
def test_a_wrong_word_is_refused_with_what_is_near(over, said):
    with pytest.raises(Unusable) as caught:
        runs(over)
    assert said in str(caught.value)
    assert len(str(caught.value)) < 400


def test_the_rate_behind_the_colon_is_the_field():
    with pytest.raises(Unusable, match=r'in noise=0\.3 of --config; give it once'):
        runs('noise.rate=0.1,0.2', f'{CONFIG},noise=0.3')


def test_runs_on_different_sets_are_no_sweep():
    with pytest.raises(Unusable, match=r'different data sets .*write the set behind'):
        runs('algorithm=resup_rafdb,jocor', 'configs/resup_rafdb.py')


def test_words_of_fields_stand_anywhere():
    own, given = sweep.parted(
        ['--config=resup', '--config.epochs', '3', '--over', 'seed=0',
         '--noconfig.data.balanced', '--config.data.dir=x', '--workdir=w']
    )  # fmt: skip
    assert own == ['--config=resup', '--over', 'seed=0', '--workdir=w']
    assert sweep.fields_of('resup', given) == [
        ('epochs', '3'),
        ('data.balanced', 'false'),
        ('data.dir', 'x'),
    ]


def test_jobs_have_devices_of_their_own():
    """Three jobs on two accelerators: two share the first, each with .45 of it. Named
    ones are kept to; on a processor cores are dealt."""
    third = jobs.surroundings(2, 3, {}, 2)
    assert third['CUDA_VISIBLE_DEVICES'] == third['TPU_VISIBLE_CHIPS'] == '0'
    assert third['XLA_PYTHON_CLIENT_MEM_FRACTION'] == '0.45'
    named = jobs.surroundings(1, 2, {'CUDA_VISIBLE_DEVICES': '3,5'}, 8)
    assert named['CUDA_VISIBLE_DEVICES'] == '5'
    assert 'XLA_PYTHON_CLIENT_MEM_FRACTION' not in named
    assert jobs.surroundings(0, 2, {}, 0) == {}
    assert [jobs.part(n, 2, [0, 1, 4, 5, 7]) for n in (0, 1)] == [{0, 4, 7}, {1, 5}]
    assert jobs.part(3, 4, [2, 3]) == {3}


def test_a_plan_is_told_to_jobs_as_it_is():
    planned = runs('noise.list="/a b/[x]",/c seed=1')
    lines = io.StringIO()
    jobs.write(planned, lines)
    lines.write('not of it')
    lines.seek(0)
    assert [*jobs.read(lines)] == planned
