"""Every field of a run, its meaning and unit, for each data set.

    python launch.py --config=configs/<method>.py:dataset=<set>,noise=<rate> \
        --workdir=runs/<name> --config.data.dir=<prepared folder>

A method's config adds `config.algorithm`. Any field is overridden on the command line:
--config.epochs=10 --config.noise.rate=0.3 --config.optimizer.learning_rate=1e-3.
"""

from ml_collections import ConfigDict

from fer_jax.errors import Unusable

# Settings that depend on the data set. `paper` is ReSup's own (sec. 4.2); `scratch`
# trains a slim network from random weights on 48-pixel faces, hours of a GPU less.
PAPER = {
    'image_size_px': 224,
    'augmentation': 'resup',
    'backbone': 'resnet18',
    'width': 64,
    'epochs': 30,
    'batch_size': 96,
    'optimizer': 'adam',
    'learning_rate': 2e-4,
    'decay_epochs': (10, 20),
}
SCRATCH = {
    'image_size_px': 48,
    'augmentation': 'flip',
    'backbone': 'resnet18_slim',
    'width': 24,
    'epochs': 30,
    'batch_size': 64,
    'optimizer': 'adam',
    'learning_rate': 1e-3,
    'decay_epochs': (15, 24),
}
CIFAR = {  # ReSup sec. 4.12, the 7-layer CNN; batch size and epochs are not stated
    'image_size_px': 32,
    'augmentation': 'cifar',
    'backbone': 'cnn7',
    'width': 64,
    'epochs': 200,
    'batch_size': 128,
    'optimizer': 'adam',
    'learning_rate': 1e-3,
    'decay_epochs': (50, 100, 150),
}
FACES = {  # pretrained, in the methods' own papers
    'ferplus': PAPER,
    'raf_db': PAPER,
    'affectnet': PAPER | {'epochs': 20, 'decay_epochs': (5, 10)},
    'expw': PAPER,
    'folder': PAPER,
}
DATASETS = {
    'synthetic': SCRATCH
    | {'width': 16, 'epochs': 14, 'batch_size': 32, 'decay_epochs': (9, 12)},
    'fer2013': SCRATCH,
    'cifar10': CIFAR,
    'cifar100': CIFAR | {'augmentation': 'cifar100'},
} | FACES
# The embedding-proximity paper trains on FER2013 as on the others.
PROXIMITY_FACES = FACES | {'fer2013': PAPER}
# Weight of the centre loss by data set (the embedding-proximity paper, sec. IV-B).
PROXIMITY = {'affectnet': 0.02, 'raf_db': 0.01, 'ferplus': 0.1, 'fer2013': 0.002}
KNOWN = ('dataset', 'noise')


def parse(arg):
    """{'dataset': ..., 'noise': ...} from 'dataset=raf_db,noise=0.3'.

    Raises:
      Unusable: an unknown key, an unknown data set, or a rate that is no number.
    """
    given = {'dataset': 'synthetic', 'noise': 0.0}
    for item in filter(None, arg.split(',')):
        key, equals, value = item.partition('=')
        if not equals or key not in KNOWN:
            raise Unusable(
                f'config argument {item!r} is not known; write dataset=<set> or'
                f' noise=<rate>, joined by a comma'
            )
        given[key] = value
    if given['dataset'] not in DATASETS:
        raise Unusable(
            f'unknown dataset {given["dataset"]!r}; there are: {", ".join(DATASETS)}'
        )
    try:
        given['noise'] = float(given['noise'])
    except ValueError:
        raise Unusable(
            f'noise={given["noise"]} is not a number; for 30 % write noise=0.3'
        ) from None
    return given


def get_config(arg='', faces=FACES):
    """The fields common to all methods.

    Args:
      arg: what follows the colon of --config.
      faces: presets of the data sets that the paper in question trains on.
    """
    given = parse(arg)
    preset = (DATASETS | faces)[given['dataset']]
    config = ConfigDict()

    config.seed = 0  # initial weights, order of examples, augmentation
    config.epochs = preset['epochs']  # passes over the training set
    config.batch_size = preset['batch_size']  # examples a step, over all devices
    config.eval_batch_size = 256  # examples a batch where nothing is learned
    config.log_every_steps = 20  # steps between updates of the progress bar
    # steps between checkpoints within an epoch; 0: only at the end of each epoch
    config.save_every_steps = 0
    config.keep_checkpoints = 2  # newest ones kept, beside the best on the test set
    # how co-trained networks run: auto, unroll, vmap, mesh (on devices of their own)
    config.peer_map = 'auto'

    config.data = ConfigDict()
    config.data.name = given['dataset']  # one of DATASETS; folder: any classes
    config.data.dir = ''  # folder written by python -m data_prep
    config.data.max_train = 0  # draw that many training examples; 0: all
    config.data.subset_seed = 0  # which ones are drawn, and who is in which fold
    config.data.folds = 0  # parts of the training set, one left out; 0: none is
    config.data.fold = 0  # which one, 0 to folds - 1
    config.data.image_size_px = preset['image_size_px']  # what the network sees
    # resup, scn, dmue, eac, cifar, cifar100 (the papers'), flip, flip_crop_erase, none
    config.data.augmentation = preset['augmentation']
    config.data.balanced = False  # draw classes equally often, with replacement
    config.data.on_corrupt = 'stop'  # damaged records: stop, or skip and count them
    config.data.workers = 0  # processes that decode images; 0: threads

    config.distributed = ConfigDict()  # several hosts, see docs/pods.md
    # auto: if srun or a TPU slice says so; on: wherever jax finds the others itself;
    # off: one process, whatever the machine says
    config.distributed.mode = 'auto'
    config.distributed.coordinator = ''  # HOST:PORT of process 0, where nobody tells
    config.distributed.num_processes = 0  # with coordinator only
    config.distributed.process_id = -1  # with coordinator only
    config.distributed.timeout_s = 100  # a host silent for so long has died

    config.noise = ConfigDict()  # label noise added to the given training labels
    config.noise.rate = given['noise']  # fraction in [0, 1)
    # symmetric, pair, asymmetric_fer (ReSup 4.9; has its own rates), matrix
    config.noise.kind = 'symmetric'
    config.noise.exact = False  # exact counts per class instead of independent draws
    config.noise.inclusive = False  # symmetric only: draw from all classes, own too
    config.noise.matrix = ''  # kind matrix: text file, C rows of C probabilities
    config.noise.seed = 0  # which labels are hit
    # a list instead of drawing one: folder written by python -m data_prep noise
    config.noise.list = ''
    # csv of decisions (id,decision,label) that the page of an audit saves
    config.noise.corrections = ''

    config.model = ConfigDict()
    # resnet18, resnet18_cifar, resnet18_slim, resnet50, mobilenet_v2, vgg16, vgg16_bn,
    # cnn7
    config.model.backbone = preset['backbone']
    config.model.width = preset['width']  # channels of the first stage
    config.model.dtype = 'float32'  # of activations: float32 or bfloat16

    config.optimizer = ConfigDict()
    config.optimizer.name = preset['optimizer']  # adam (torch's) or sgd
    config.optimizer.learning_rate = preset['learning_rate']  # at the start
    config.optimizer.weight_decay = 0.0  # L2 added to the gradient, as torch does
    config.optimizer.momentum = 0.9  # sgd only
    # step: times a factor at each of decay_epochs; exponential: after every epoch;
    # linear: falls by epoch from the first of two decay_epochs on, to 0 at the second
    config.optimizer.schedule = 'step'
    config.optimizer.decay_epochs = preset['decay_epochs']  # epochs, rising
    config.optimizer.decay_factors = (0.1,)  # one for all, or one for each decay epoch
    # of the parameters named classifier; 0: as the rest
    config.optimizer.classifier_learning_rate = 0.0
    config.optimizer.classifier_decay_epochs = ()  # theirs; empty: as the rest
    config.optimizer.classifier_decay_factors = ()  # theirs; empty: as the rest
    config.optimizer.late_beta1 = 0.9  # adam's beta1 from the first decay epoch on

    # folders of python -m data_prep weights: one for all networks, or one for each, in
    # order; on the command line once for each. Empty: random weights
    config.pretrained = ()

    config.proximity = ConfigDict()  # embedding proximity, a centre loss on any method
    config.proximity.weight = 0.0  # gamma of the centre loss; 0: none
    config.proximity.update = 'wen'  # how centres move: wen, batch_mean, ema
    config.proximity.rate = 0.5  # how far: alpha of wen, 1 - mu of ema
    config.proximity.reduction = 'mean'  # over the batch: mean, half_mean, sum
    return config
