"""Test environment: CPU, compilation cache shared by the whole run, parsed flags."""

import importlib
import importlib.metadata
import os
import signal
import struct
import zlib

os.environ.setdefault('JAX_PLATFORMS', 'cpu')

import flax.linen as nn
import jax
import jax.numpy as jnp
import matplotlib.cbook
import numpy as np
import pytest
from absl import flags
from PIL import Image

from fer_jax import nets
from fer_jax.data import prepared, weights
from fer_jax.nets import BatchNorm, Features, Maps
from fer_jax.training import frozen
from tests import browsers

# Compiling is most of the work, and plainer machine code is made sooner: the contract
# tests of ReSup, DivideMix and SCN take 51 s in place of 113 with fusion emitters.
PLAIN = '--xla_backend_optimization_level=0 --xla_llvm_disable_expensive_passes=true'
if importlib.metadata.version('jaxlib').startswith('0.10.'):
    # Others may not know these, and what XLA does not know ends the process.
    PLAIN += ' --xla_cpu_use_fusion_emitters=false'
    PLAIN += ' --xla_cpu_parallel_codegen_split_count=1'


def pytest_configure():
    os.environ.setdefault('XLA_FLAGS', PLAIN)  # before XLA begins
    # Ctrl-C is ignored in what a shell starts in the background; tests send it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    cache = os.path.join(os.path.dirname(__file__), '..', '.cache', 'xla')
    os.environ['JAX_COMPILATION_CACHE_DIR'] = os.path.abspath(cache)
    os.environ['JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS'] = '0.5'
    jax.config.update('jax_compilation_cache_dir', os.path.abspath(cache))
    jax.config.update('jax_persistent_cache_min_compile_time_secs', 0.5)
    if not flags.FLAGS.is_parsed():
        flags.FLAGS.mark_as_parsed()  # grain's workers read absl flags


def pytest_collection_modifyitems(items):
    if jax.default_backend() == 'cpu':
        for item in items:
            if 'gpu' in item.keywords:
                item.add_marker(pytest.mark.skip(reason='needs an accelerator'))


@pytest.fixture(scope='module')
def browser():
    """A Chromium that Playwright drives; skips without one."""
    from playwright import sync_api

    path = browsers.find('chromium', 'chromium-browser', 'google-chrome', 'chrome')
    with sync_api.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=path, args=['--no-sandbox'])
        yield browser
        browser.close()


@pytest.fixture
def firefox(tmp_path):
    """A Firefox of its own; skips without one."""
    from tests import firefox

    with firefox.started(tmp_path / 'profile') as driven:
        yield driven


@pytest.fixture(scope='session')
def faces(tmp_path_factory):
    """A prepared set of 70 + 30 synthetic faces of 24 pixels."""
    from data_prep import __main__ as data_prep

    folder = tmp_path_factory.mktemp('data') / 'faces'
    options = f'synthetic --out={folder} --train=70 --test=30 --size=24 --seed=3'
    assert data_prep.main(options.split()) == 0
    return folder


@pytest.fixture(scope='session')
def short(faces):
    """short(method, backbone): a config of one epoch on `faces`, 30 % noise."""

    def make(method, backbone):
        module = importlib.import_module(f'configs.{method}')
        config = module.get_config('dataset=synthetic,noise=0.3')
        config.data.dir = str(faces)
        config.data.image_size_px = 24
        config.model.backbone = backbone
        config.epochs = 1
        config.optimizer.decay_epochs = (1,)
        return config

    return make


@pytest.fixture(scope='session')
def hopper():
    """Grace Hopper, from Matplotlib: uint8 [600, 512, 3]; a face of 180 x 230 px."""
    with matplotlib.cbook.get_sample_data('grace_hopper.jpg') as file:
        return np.array(Image.open(file).convert('RGB'))


class Tiny(nn.Module):
    """One convolution: what a backbone is, in a second of compilation.

    All of it is the last stage; the early part passes the images on.
    """

    part: str = 'whole'
    width: int = 8
    dtype: jnp.dtype = jnp.float32

    @nn.compact
    def __call__(self, images, train):
        if self.part == 'early':
            return images
        maps = nn.Conv(self.width, (3, 3), (2, 2))(images)
        maps = Maps(name='maps')(nn.relu(BatchNorm()(maps, train)))
        return Features(maps, jnp.mean(maps, axis=(1, 2)))


@pytest.fixture(scope='session')
def own_network(tmp_path_factory):
    """A folder of weights of a small network of the user's own."""
    net = nets.make('resnet18_slim', width=4)
    variables = jax.jit(lambda x: net.init(jax.random.key(0), x, False))(
        jnp.zeros((1, 48, 48, 3))
    )
    arrays = {
        jax.tree_util.keystr(path, simple=True, separator='/'): np.asarray(leaf)
        for part in variables.values()
        for path, leaf in jax.tree_util.tree_leaves_with_path(part)
    }
    folder = tmp_path_factory.mktemp('weights') / 'own'
    weights.write(
        folder, arrays, backbone='resnet18_slim', width=4, mean=(0.5,) * 3,
        std=(0.5,) * 3, source='x.pt', source_sha256='0' * 64,
    )  # fmt: skip
    return folder


@pytest.fixture(scope='session')
def features_of_faces(own_network, faces, tmp_path_factory):
    """A folder of what that network says of all `faces`, at 48 pixels."""
    data = prepared.load(faces)
    folder = tmp_path_factory.mktemp('features') / 'own'
    rows = {split: getattr(data, split).readable() for split in prepared.SPLITS}
    frozen.extract(frozen.own_network(own_network, 48), data, folder, rows=rows)
    return folder


@pytest.fixture
def on_features(faces, features_of_faces):
    """on_features(method): a config of three epochs of four steps on those features."""

    def make(method):
        module = importlib.import_module(f'configs.{method}')
        config = module.get_config('dataset=synthetic,noise=0.3,on=features')
        config.data.dir, config.data.features = str(faces), str(features_of_faces)
        config.data.image_size_px, config.model.width = 48, 8
        config.epochs, config.batch_size = 3, 16
        config.optimizer.decay_epochs = (1, 3)
        return config

    return make


@pytest.fixture(scope='session')
def tiny():
    return Tiny


@pytest.fixture(scope='session')
def png16():
    """png16(values) -> a PNG of 16 bits: uint16 [h, w] grey, [h, w, 3] colours."""
    return encoded_png16


def encoded_png16(values):
    def chunk(kind, data):
        return (
            struct.pack('>I', len(data))
            + kind
            + data
            + struct.pack('>I', zlib.crc32(kind + data))
        )

    height, width = values.shape[:2]
    header = struct.pack('>IIBBBBB', width, height, 16, 2 * (values.ndim == 3), 0, 0, 0)
    lines = b''.join(b'\0' + row.astype('>u2').tobytes() for row in values)
    return b'\x89PNG\r\n\x1a\n' + b''.join(
        chunk(*one)
        for one in ((b'IHDR', header), (b'IDAT', zlib.compress(lines)), (b'IEND', b''))
    )


@pytest.fixture
def plain(short, tiny, monkeypatch):
    """The config of a plain run of one epoch on all faces, 30 % noise."""
    monkeypatch.setitem(nets.BACKBONES, 'tiny', tiny)
    config = short('baseline', 'tiny')
    config.model.width = 4
    config.batch_size = 16
    return config
