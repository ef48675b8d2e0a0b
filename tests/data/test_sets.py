import pytest

from fer_jax.data import sets

EXPRESSIONS = {
    'anger', 'disgust', 'fear', 'happiness', 'sadness', 'surprise', 'neutral',
}  # fmt: skip
FACES = ['fer2013', 'ferplus', 'raf_db', 'affectnet', 'expw']


def test_orders_of_the_label_files():
    """RAF-DB numbers 1 surprise 2 fear 3 disgust 4 happiness 5 sadness 6 anger 7
    neutral; FERPlus's vote columns begin with neutral and happiness."""
    raf_db = sets.SETS['raf_db'].class_names
    assert raf_db.index('disgust') + 1 == 3
    assert raf_db.index('neutral') + 1 == 7
    assert sets.SETS['ferplus'].class_names[:2] == ('neutral', 'happiness')
    assert sets.SETS['fer2013'].class_names[3] == 'happiness'
    assert sets.SETS['affectnet'].class_names[6:] == ('anger', 'contempt')


@pytest.mark.parametrize(
    'name', ['synthetic', 'fer2013', 'ferplus', 'raf_db', 'affectnet', 'expw']
)
def test_expression_sets_share_their_names(name):
    known = sets.SETS[name]
    assert set(known.class_names) - set(known.optional) == EXPRESSIONS


def test_numbers_of_classes():
    assert len(sets.SETS['cifar10'].class_names) == 10
    cifar100 = sets.SETS['cifar100'].class_names
    assert len(set(cifar100)) == 100
    assert list(cifar100) == sorted(cifar100)  # its fine labels are alphabetical


@pytest.mark.parametrize(
    ('written', 'name'),
    [('Happy', 'happiness'), (' angry', 'anger'), ('fear', 'fear'), ('Owl', 'owl')],
)
def test_canonical(written, name):
    assert sets.canonical(written) == name


@pytest.mark.parametrize('name', ['ferplus', 'affectnet'])
def test_seven_or_eight_classes_in_any_order(name):
    names = sets.SETS[name].class_names
    sets.check_classes(name, names[::-1])
    sets.check_classes(name, [one for one in names if one != 'contempt'])
    with pytest.raises(ValueError, match='lacks anger'):
        sets.check_classes(name, [one for one in names if one != 'anger'])


def test_wrong_classes():
    names = sets.SETS['raf_db'].class_names
    with pytest.raises(ValueError, match='foreign contempt'):
        sets.check_classes('raf_db', [*names, 'contempt'])
    with pytest.raises(ValueError, match='lacks sadness and has the foreign sad'):
        sets.check_classes('raf_db', [n[:3] if n == 'sadness' else n for n in names])
    with pytest.raises(ValueError, match='twice'):
        sets.check_classes('raf_db', [*names, 'fear'])
    with pytest.raises(ValueError, match="unknown data set 'rafdb'; there are: syn"):
        sets.check_classes('rafdb', names)


def test_a_folder_of_ones_own_has_any_classes():
    assert sets.check_classes('folder', ['cat', 'owl']) is None


def test_places_go_by_canonical_name():
    wanted = ('neutral', 'happiness', 'anger')
    assert sets.places(('Angry', 'neutral'), wanted) == (2, 0)
    with pytest.raises(ValueError, match='classes fear, contempt are not among neut'):
        sets.places(('anger', 'fear', 'contempt'), wanted)


@pytest.mark.parametrize('name', sets.SETS)
def test_codes_are_one_for_each_class(name):
    """Sets that are made here, or by their user, have no label files of their own."""
    known = sets.SETS[name]
    own = name not in ('synthetic', 'folder')
    assert len(known.codes) == len(set(known.codes)) == own * len(known.class_names)


def test_codes_go_by_name():
    """RAF-DB's 6 and AffectNet's 6 are both anger, ExpW's and FER2013's 0 is, too;
    RAF-DB's 4, AffectNet's 1 and FERPlus's column 1 are happiness."""
    order = sets.SETS['fer2013'].class_names
    anger = [('raf_db', 6), ('affectnet', 6), ('expw', 0), ('fer2013', 0)]
    assert {sets.place(name, code, order) for name, code in anger} == {0}
    happiness = [('raf_db', 4), ('affectnet', 1), ('ferplus', 1), ('fer2013', 3)]
    assert {sets.place(name, code, order) for name, code in happiness} == {3}
    assert sets.place('cifar10', 9, sets.SETS['cifar10'].class_names[::-1]) == 0


@pytest.mark.parametrize('source', FACES)
@pytest.mark.parametrize('target', FACES)
def test_every_set_reads_every_other(source, target):
    """There and back by name; contempt alone may have no place."""
    here, there = sets.SETS[source], sets.SETS[target]
    for code, name in zip(here.codes, here.class_names):
        place = sets.place(source, code, there.class_names)
        assert name == 'contempt' if place < 0 else there.class_names[place] == name


def test_codes_without_a_place():
    names = sets.SETS['affectnet'].class_names
    assert sets.place('affectnet', 7, names[:7]) == -1
    assert sets.place('affectnet', 7, names) == 7
    with pytest.raises(ValueError, match=r'^8 is no label of affectnet, .* 0 neutral,'):
        sets.place('affectnet', 8, names)
    with pytest.raises(ValueError, match=r'^0 is no label of raf_db, .* 1 surprise,'):
        sets.place('raf_db', 0, names)
    with pytest.raises(
        ValueError, match=r'^the classes fear, .* among surprise, anger$'
    ):
        sets.place('raf_db', 1, ['surprise', 'anger'])


@pytest.mark.parametrize(('name', 'known'), sets.SETS.items())
def test_published_counts_of_the_classes_add_up(name, known):
    for split, counts in known.class_counts.items():
        assert len(counts) == len(known.class_names)
        assert sum(counts) == known.counts[split]
    assert name not in ('raf_db', 'affectnet', 'fer2013', 'expw') or known.class_counts
