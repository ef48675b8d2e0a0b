"""Every field of a run's config, as data; `config.algorithm` has those of the method.

What depends on the data set and the method, configs/*.py sets.
"""

from ml_collections import ConfigDict

from fer_jax import algorithms, nets
from fer_jax.algorithms import proximity
from fer_jax.data import augment, sets
from fer_jax.numerics import noise
from fer_jax.settings import Field
from fer_jax.training import hosts, optimizer, sinks

COUNT, POSITIVE, SEED = '[0, inf)', '[1, inf)', '[0, 2147483647]'
RUN = {
    'seed': Field(0, 'initial weights, order of examples, augmentation', SEED),
    'epochs': Field(30, 'passes over the training set', POSITIVE, 'epochs'),
    'batch_size': Field(96, 'of each step, over all devices', POSITIVE, 'examples'),
    'eval_batch_size': Field(
        256, 'of each batch where nothing is learned', POSITIVE, 'examples', free=True
    ),
    'log_every_steps': Field(
        20, 'between updates of the progress bar', POSITIVE, 'steps', free=True
    ),
    'log.sinks': Field(
        (),
        'where the numbers of each epoch go, too; none: nowhere',
        sinks.NAMES,
        items=str,
        free=True,
    ),
    'save_every_steps': Field(
        0,
        'between checkpoints within an epoch; 0: only at the end of each epoch',
        COUNT,
        'steps',
        free=True,
    ),
    'keep_checkpoints': Field(
        2, 'newest ones kept, beside the best on the test set', POSITIVE, free=True
    ),
    'adjust': Field(
        0.0,
        'tau: after training, answers are by logits - tau ln(mean prediction), so that'
        ' rare classes are said more often; 0: as trained',
        COUNT,
    ),
    'peer_map': Field(
        'auto',
        'how co-trained networks run; mesh: on devices of their own',
        ('auto', 'unroll', 'vmap', 'mesh'),
        free=True,
    ),
    'start': Field(
        ('random',),
        'what backbones start from: random; face, a face-recognition network (in the'
        ' argument of the config it chooses all that goes with it); or folders of'
        ' data_prep weights, one for all networks, or one for each in order,'
        ' the flag given once for each',
        items=str,
        path=('random', 'face'),
    ),
}
FORMER = {'pretrained': 'start'}  # what fields were called; () was the default
DATA = {
    'data.name': Field(
        'synthetic', 'which presets and classes; folder: any classes', sets.SETS
    ),
    'data.dir': Field(
        '', 'folder written by data_prep', free=True, per_host=True, path=()
    ),
    'data.max_train': Field(
        0, 'so many training examples are drawn; 0: all', COUNT, 'examples'
    ),
    'data.subset_seed': Field(
        0, 'which ones are drawn, and who is in which fold', SEED
    ),
    'data.folds': Field(
        0, 'parts of the training set, one of them left out; 0: none is', COUNT
    ),
    'data.fold': Field(0, 'which one, 0 to folds - 1', COUNT),
    'data.image_size_px': Field(224, 'what the network sees', POSITIVE, 'px'),
    'data.augmentation': Field('resup', 'recipe of each paper', augment.RECIPES),
    'data.balanced': Field(False, 'draw classes equally often, with replacement'),
    'data.on_corrupt': Field(
        'stop', 'damaged records: stop, or skip and count them', ('stop', 'skip')
    ),
    'data.source': Field(
        'images',
        'what is learned from: images, or what a frozen network says of them, features',
        ('images', 'features'),
    ),
    'data.features': Field(
        '',
        'folder of python -m data_prep features; none: beside data.dir, made where it'
        ' is not there yet',
        free=True,  # data.json knows whose features they are
        per_host=True,
        path=(),
    ),
    'data.parts': Field(
        1,
        'of a face along each side: features of all of it, or of each of 3 x 3 parts',
        (1, 3),
    ),
    'data.axes': Field(
        500, 'principal axes of the features of a part, at most', POSITIVE
    ),
    'data.resident': Field(
        'auto',
        'images, once decoded, lie on the devices, in the memory of the host, or are'
        ' decoded again; auto: the first of these of whose memory they take a quarter'
        ' at most',
        ('auto', 'yes', 'host', 'no'),
        free=True,
    ),
    'data.workers': Field(
        0,
        'processes that decode images; 0: threads',
        COUNT,
        free=True,
        per_host=True,
    ),
}
NOISE = {  # added to the given training labels
    'noise.rate': Field(0.0, 'fraction of the labels that noise is added to', '[0, 1)'),
    'noise.kind': Field(
        'symmetric',
        'asymmetric_fer (ReSup sec. 4.9) and matrix have rates of their own',
        noise.KINDS,
    ),
    'noise.exact': Field(False, 'exact counts per class instead of independent draws'),
    'noise.inclusive': Field(
        False, 'symmetric only: draw from all classes, the own one too'
    ),
    'noise.matrix': Field(
        '', 'kind matrix: text file, C rows of C probabilities', path=()
    ),
    'noise.seed': Field(0, 'which labels are hit', SEED),
    'noise.list': Field(
        '', 'instead of drawing: a list, folder written by data_prep noise', path=()
    ),
    'noise.corrections': Field(
        '',
        'csv of decisions (id,decision,label) that the page of an audit saves',
        free=True,  # data.json has its sha256
        path=(),
    ),
}
MODEL = {
    'model.backbone': Field('resnet18', 'the network', nets.NETS),
    'model.width': Field(64, 'of the first stage', POSITIVE, 'channels'),
    'model.dtype': Field('float32', 'of activations', ('float32', 'bfloat16')),
}
RATE, FACTOR = '(0, inf)', '(0, inf)'
OPTIMIZER = {
    'optimizer.name': Field('adam', "torch's", optimizer.OPTIMIZERS),
    'optimizer.learning_rate': Field(2e-4, 'at the start', RATE),
    'optimizer.weight_decay': Field(
        0.0, "as torch does: L2 added to the gradient; adamw's own way", COUNT
    ),
    'optimizer.momentum': Field(0.9, 'sgd only', '[0, 1)'),
    'optimizer.schedule': Field(
        'step',
        'step: times a factor at each of decay_epochs; exponential: after every epoch;'
        ' linear and cosine: fall by epoch from the first of two decay_epochs on, to 0'
        ' at the second',
        optimizer.SCHEDULES,
    ),
    'optimizer.decay_epochs': Field(
        (10, 20),
        'rising; they scale with --config.epochs unless given',
        POSITIVE,
        'epochs',
        items=int,
    ),
    'optimizer.decay_factors': Field(
        (0.1,), 'one for all, or one for each decay epoch', FACTOR, items=float
    ),
    'optimizer.classifier_learning_rate': Field(
        0.0, 'of the parameters named classifier; 0: as the rest', COUNT
    ),
    'optimizer.classifier_decay_epochs': Field(
        (), 'theirs; none: as the rest', POSITIVE, 'epochs', items=int
    ),
    'optimizer.classifier_decay_factors': Field(
        (), 'theirs; none: as the rest', FACTOR, items=float
    ),
    'optimizer.late_beta1': Field(
        0.9, "adam's beta1 from the first decay epoch on", '[0, 1)'
    ),
}
FIELDS = {
    **RUN,
    **DATA,
    **{f'distributed.{name}': field for name, field in hosts.SETTINGS.items()},
    **NOISE,
    **MODEL,
    **OPTIMIZER,
    **{f'proximity.{name}': field for name, field in proximity.SETTINGS.items()},
}
FREE = tuple(path for path, field in FIELDS.items() if field.free)
PER_HOST = tuple(path for path, field in FIELDS.items() if field.per_host)


def config(method: str | None = None) -> ConfigDict:
    """A ConfigDict of all defaults.

    Args:
      method: name of the algorithm of config.algorithm; None: there is none.
    """
    made = ConfigDict()
    for path, field in FIELDS.items():
        group, _, name = path.rpartition('.')
        if group and group not in made:
            made[group] = ConfigDict()
        (made[group] if group else made)[name] = field.default
    if method is not None:
        fields = algorithms.settings_of(method)
        settings = {name: field.default for name, field in fields.items()}
        made.algorithm = ConfigDict({'name': method, **settings})
    return made


def of(config: ConfigDict) -> dict[str, Field]:
    """{path: Field} of a config, with the settings of its method."""
    settings = algorithms.settings_of(config.algorithm.name)
    return FIELDS | {f'algorithm.{name}': field for name, field in settings.items()}
