"""A run of any method, for each data set; fer_jax/training/schema.py has every field.

    python launch.py --config=configs/<method>.py:dataset=<set>,noise=<rate> \
        --workdir=runs/<name> --config.data.dir=<folder>

Any field is overridden on the command line: --config.epochs=10
--config.optimizer.learning_rate=1e-3. --config.noise.rate=0.3 is the same as noise=0.3
in the argument, so that what follows the noise rate follows it there, too.
"""

from fer_jax import doors, settings
from fer_jax.data.quoting import quoted
from fer_jax.errors import Unusable
from fer_jax.training import devices, schema

# Settings that depend on the data set. `paper` is ReSup's own (sec. 4.2); `scratch`
# trains a slim network from random weights on 48-pixel faces, hours of a GPU less.
PAPER = {
    'data.image_size_px': 224,
    'data.augmentation': 'resup',
    'model.backbone': 'resnet18',
    'model.width': 64,
    'epochs': 30,
    'batch_size': 96,
    'optimizer.name': 'adam',
    'optimizer.learning_rate': 2e-4,
    'optimizer.decay_epochs': (10, 20),
}
SCRATCH = {
    'data.image_size_px': 48,
    'data.augmentation': 'flip',
    'model.backbone': 'resnet18_slim',
    'model.width': 24,
    'epochs': 30,
    'batch_size': 64,
    'optimizer.name': 'adam',
    'optimizer.learning_rate': 1e-3,
    'optimizer.decay_epochs': (15, 24),
}
DRAWN = {  # synthetic faces
    'model.width': 16,
    'epochs': 14,
    'batch_size': 32,
    'optimizer.decay_epochs': (9, 12),
}
CIFAR = {  # ReSup sec. 4.12, the 7-layer CNN; batch size and epochs are not stated
    'data.image_size_px': 32,
    'data.augmentation': 'cifar',
    'model.backbone': 'cnn7',
    'model.width': 64,
    'epochs': 200,
    'batch_size': 128,
    'optimizer.name': 'adam',
    'optimizer.learning_rate': 1e-3,
    'optimizer.decay_epochs': (50, 100, 150),
}
# A face-recognition network, trained further: minutes of a CPU (docs/results.md).
FACE = {
    'start': ('face',),
    'data.image_size_px': 67,
    'data.augmentation': 'flip',
    'model.backbone': 'dlib_batch4',
    'model.width': 64,
    'epochs': 4,
    'batch_size': 64,
    'optimizer.name': 'adam',
    'optimizer.learning_rate': 1e-4,
    'optimizer.classifier_learning_rate': 1e-3,
    'optimizer.decay_epochs': (3,),
}
FACES = {  # pretrained, in the methods' own papers
    'ferplus': PAPER,
    'raf_db': PAPER,
    'affectnet': PAPER | {'epochs': 20, 'optimizer.decay_epochs': (5, 10)},
    'expw': PAPER,
    'folder': PAPER,
}
DATASETS = {
    'synthetic': SCRATCH | DRAWN,
    'fer2013': SCRATCH,
    'cifar10': CIFAR,
    'cifar100': CIFAR | {'data.augmentation': 'cifar100'},
} | FACES
# The embedding-proximity paper trains on FER2013 as on the others.
PROXIMITY_FACES = FACES | {'fer2013': PAPER}
# Weight of the centre loss by data set (the embedding-proximity paper, sec. IV-B), for
# embeddings of its networks; those of heads are farther from their centres, and its .1
# for FERPlus costs them points (docs/results.md, "Does embedding proximity help?").
PROXIMITY = {'affectnet': 0.02, 'raf_db': 0.01, 'ferplus': 0.1, 'fer2013': 0.002}
PROXIMITY_OF_HEADS = 0.003
# Heads on what a frozen face network says: seconds of a CPU (docs/results.md).
FEATURES = {
    'data.source': 'features',
    'data.image_size_px': 131,  # what the face network sees
    'data.augmentation': 'flip',
    'model.backbone': 'heads',
    'model.width': 256,
    'epochs': 30,
    'batch_size': 128,
    'eval_batch_size': 2048,
    'optimizer.name': 'adamw',
    'optimizer.learning_rate': 1e-3,
    'optimizer.weight_decay': 1e-2,
    'optimizer.schedule': 'cosine',
    'optimizer.decay_epochs': (1, 30),
}
KNOWN = ('dataset', 'noise', 'start', 'on')
SOURCES = ('images', 'features')
STARTS = ('random', 'face')


def parse(arg):
    """{'dataset': ..., 'noise': ...} of 'dataset=raf_db,noise=0.3', what is given.

    Raises:
      Unusable: an unknown key, data set, start or source, or a rate that is no number.
    """
    if arg.split() not in ([], [arg]):
        raise Unusable(
            f'config argument {quoted(arg)} has blanks; write {"".join(arg.split())}'
        )
    given = {}
    for item in filter(None, arg.split(',')):
        key, equals, value = item.partition('=')
        if equals and key in schema.FIELDS.keys() - set(KNOWN):
            raise Unusable(f'{item} is of a field; write --config.{item}')
        if not equals or key not in KNOWN:
            raise Unusable(
                f'config argument {quoted(item)} is not known; {meant(item)}'
            )
        if key in given:
            raise Unusable(f'config argument {quoted(arg)} has {key} twice; write one')
        given[key] = value
    if given.get('dataset', 'folder') not in DATASETS:
        raise Unusable(unknown(given['dataset']))
    if given.get('start', 'random') not in STARTS:
        raise Unusable(
            f'start={quoted(given["start"])}: there are presets for'
            f' start={" and start=".join(STARTS)}; for weights of your own write'
            ' --config.start=FOLDER'
        )
    if given.get('on', 'images') not in SOURCES:
        raise Unusable(
            f'on={quoted(given["on"])}: a run is on={" or on=".join(SOURCES)}'
        )
    if given.get('on') == 'features' and 'start' in given:
        raise Unusable(
            f'start={given["start"]} is of networks on images; heads on features start'
            ' from random weights: leave it out'
        )
    if 'noise' in given:
        try:
            given['noise'] = float(given['noise'])
        except ValueError:
            raise Unusable(
                f'noise={quoted(given["noise"])} is no number; for 30 % write noise=0.3'
            ) from None
        settings.check('noise', schema.FIELDS['noise.rate'], given['noise'])
    return given


def meant(item):
    """What to write for a part of the argument that is not known."""
    key, equals, value = item.partition('=')
    near = doors.nearest(key, KNOWN if equals else DATASETS)
    if not near:
        return (
            'write dataset=<set>, noise=<rate>, start=face or on=features, joined by'
            ' commas'
        )
    return (
        f'did you mean {near}={value}?' if equals else f'did you mean dataset={near}?'
    )


def unknown(dataset):
    """What is said of a data set that has no presets."""
    near = doors.nearest(dataset, DATASETS)
    remedy = f'; did you mean dataset={near}?' if near else ''
    return (
        f'unknown dataset {quoted(dataset)}; there are: {", ".join(DATASETS)}{remedy}'
    )


def only(dataset, arg):
    """The argument of a config that is for one data set: `arg` with that set.

    Raises:
      Unusable: `arg` names another one.
    """
    other = parse(arg).get('dataset')
    if other == dataset:
        return arg
    if other:
        raise Unusable(
            f'dataset={other}: this config is for {dataset} alone; the one of the'
            f' method, as configs/resup.py:dataset={other}, takes any'
        )
    return f'{arg},dataset={dataset}'


def get_config(arg='', method=None, faces=FACES):
    """The fields of a run with the defaults of the method.

    Args:
      arg: what follows the colon of --config. Without a start, pictures of one's own
        (dataset=folder) start from the face network on a CPU.
      method: name of an algorithm; None: config.algorithm is left out.
      faces: presets of the data sets that the paper in question trains on.
    """
    given = {'dataset': 'synthetic', 'noise': 0.0} | parse(arg)
    slow = given['dataset'] == 'folder' and not devices.accelerated()
    face = given.get('start', 'face' if slow else 'random') == 'face'
    config = schema.config(method)
    chosen = FACE if face else (DATASETS | faces)[given['dataset']]
    if given.get('on') == 'features':
        chosen = FEATURES
    config.update_from_flattened_dict(chosen)
    config.data.name, config.noise.rate = given['dataset'], given['noise']
    return config


def preset(config):
    """Which of a method's presets a config has: 'features', 'face', or its data set."""
    if config.data.source == 'features':
        return 'features'
    return 'face' if config.start == FACE['start'] else config.data.name


def proximity(config):
    """Weight of the centre loss: of heads one for all sets, else the paper's."""
    if preset(config) == 'features':
        return PROXIMITY_OF_HEADS
    return PROXIMITY.get(config.data.name, 0.01)
