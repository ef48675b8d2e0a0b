"""Files of other programs are read as data; what would run is refused, and not run."""

import base64
import collections
import io
import os
import pickle
import zipfile
import zlib

import numpy as np
import pytest

from fer_jax import errors
from fer_jax.data import pickles

WANTED = {'clean_label': [0, 1, 2, 1], 'worse_label': [0, 2, 2, 1]}
# fmt: off
TORCH = {  # the above, saved by torch 2.13; zlib, base 85
    'arrays': (
        'c-o~@O^?!06n!mFup<Mb!^k)|x@4hD`Iyp1Clgs<ViQ70Ovr3VDbJy?v~$bD2__~c2647-'
        '+|9y2VO;qe+`Dt-'
        '%AcUGrC?hIKX20BHofQE^WHsuO(haVD3L%*v5q#8IU1ad_j)Q(3nx#EdM%BPLh*uq4k+JVqX5m'
        'os@XBrE;fMCTxg-ASvD>VMh4MU+g8VX$Htmv4v9U|2oLP6j5m9;uMknt1fm*+^{_VNvFSYU5Nk'
        '8EK^M3-N3)?4-7G@<6(m}4X$pJ`*76FYL?>|BBkYm!3B@JbEUniiSU-C`g;WdDc_rd<-'
        'Ghxrqw(-'
        'N4fm!X0#~|c{aE{!Zx0wRv!Qpm+Na$&TaY2J)pb{YYS}~Vt^Qh{?Yk?<_Nlz>7F_q_?ex>(7VN'
        '4PIj6;q7VHwZ*&P*{N<0zWDV*!Hz`2?$2bWn4uJG8h2P)}2#r9CQ%!}q%ba>x?`}~sedavfqB6'
        '-d`B$lln<Bn?R$L0W=q+Z)!qW+^0D~^D}Q~1hyo3L6y3f=bvbjJi+b`RV2+QGl|orj?lVqizZ<'
        'lxJ;<1X%(8j|SH)3DgoyZ@u0%sah5ogY8?{rYpLG9Q5ROYRM^t<woSqrZb?cJyAoCj7M&p(G1Z'
        'MU=#9wJMh6Qn@Hp1VNBX)qPQtWLYX!Wl=1b9F>i??;hl-'
        'j=ZaqaUDC?>9^+klJej=62|)NmkHoLFz8|{hbjC9$_6MlShUi$VHUpyQUR7X3zmiT!eIXllL7E'
        'n1O+`4hWa-)7wo%$UOe)q!g05~+TF;V1&#~lsdubM(OIUrxRXD|ex5o_CC1G#oLfJu{Q-ppP%!'
    ),
    'tensors': (
        'c-'
        'p0v&ui0Q7{}ivUDjoGotqu>Fsb06!fccDH&ZG>a*1HA2*pcC)7K`LHG7k{D++=jJq%A?#FKx6H'
        'wFC%Jc=j5n<qiszhK_B>5`PTQ(p*a!~6X{pFHpLZ5s*`10Ws;Gb;(U0fs%-'
        'cJdt!Yq_JxmMkT~!|-}eKSLnfTK5FH1+|`PX>DjBO2@XN8#%R)P0Qs}2e$jB)ltWW>aoZnI-'
        '6~+dNSABsdXV@#uDz1-Rs^TKjToWMR{9zw9;Zog`+-Vl^8~=_Y|PShA6I3L$r3H>$YV<9h-'
        'K~<?cEi=)lfxQ^y?Qt~Jp*Mi-hWF=8CpjteJ@8-'
        '|BqFvhrsfRe_@dvoG_k$7*N7{p>5qf1Sc>gO8DYW&UquhglhAXj5<`*uLWZ(r__?Hp=YJ%*0!A'
        '<EL)Sr-N3`2O_!3&KDxbWDTl)N#@@RkO@)?-'
        '2H|EES_ibFNh`5`g*u{iMAT^g@75aLWg1Kf%x@jh3Yw|5VpsmWi<i3B&N_k2LF5VHYwaKs`8>d'
        '0v(d{s+MKr6zYe@|}<kQhQ%B-sj8`vb_+QAWK)kx$Dyl>Z_j)UM{b{0j~P>r-'
        'PPR3Q*ukg)eWr50;<*E+|X~aP*2UbWCpopK2s|s@ajH{NJ7hUn&a%UoDA+vQR5m_>x#F@?y1A7'
        'R72+5XyyOsZy(m1w#4z^EW5!ab!o7)TmWHXE2n>8S=>QSX3O$-'
        '%dzar@)*PM?HcON{2jN1w3YQ8?_0hU^8U1MT432Mb*JcO@!31X%Nm$R2m$zu#{)QQXwi0PR~Y2'
        '`tD3Rr)|MA-3`BQ3@o0uhQhM@lg*cz>r-'
        'Joa%U!)`VjLY#ghLW@R2=>T0>c3$C~(P|9I~o5IT6n'
    ),
    'arrays, form before 1.6': (
        'c-'
        'nQ4yH3L}6owNgZNX3|_d9g#REdp&nSqE3W%7ceB(+FTYWH^>P?3<jlop<W2jJCs1SBMIN)ZwgX'
        'E^q`_<ZO0kUZ1u<K^tVdGmU?(;kwGH^=w~SS{ADEUT}ima)u&Tdwj{3fQKB)lDT!wa$3JMK=uv'
        '$b?ao)Pp_`^7NkPa30{cSj8msL@JGnN0?)xRA^K^m$~H(DXvlT+@knlE|_eb@lXU=81W2tEQ(%'
        '#&<<j$c)M3*It`Ty2Q*MTmLk`xh&2WIZlj|6U4`RWBe=17*5z?dxhO9b6=oYiget3+_)w?f7_~'
        '>t`IsMr`dDarw&#wpI2+h46;ad~DOW$i($i#&Wgm@}=S*jvVx`mRoPQddI?vKrjh>PUYg)f%&r'
        'b3u##&<N>pnI#HlwNfJE?L$Q@@pvWU6F4G3)L4*qyDnmo)w&$bX3a5^><;P~#{nKl%z*`wP2fh'
        'GY'
    ),
}
# fmt: on


class Trap:
    """Unpickled, it makes a folder."""

    def __init__(self, folder):
        self.folder = str(folder)

    def __reduce__(self):
        return os.mkdir, (self.folder,)


def trapped(kind, content):
    """Bytes of a file of this kind with a pickle of `content`."""
    buffer = io.BytesIO()
    if kind == 'npy':
        np.save(buffer, content)
    elif kind == 'pt':
        with zipfile.ZipFile(buffer, 'w') as archive:
            archive.writestr('list/data.pkl', pickle.dumps(content, protocol=2))
    elif kind == 'old pt':
        for part in (pickles.LEGACY_TORCH, 1001, {}, content):
            pickle.dump(part, buffer, protocol=2)
    else:
        pickle.dump(content, buffer)
    return buffer.getvalue()


def check(found):
    assert list(found) == list(WANTED)
    for name, values in WANTED.items():
        assert found[name].dtype == np.int64
        np.testing.assert_array_equal(found[name], values)


@pytest.mark.parametrize('kind', TORCH)
def test_what_torch_saved(tmp_path, kind):
    (tmp_path / 'list.pt').write_bytes(zlib.decompress(base64.b85decode(TORCH[kind])))
    check(pickles.read(tmp_path / 'list.pt'))


def test_what_numpy_saved(tmp_path):
    """A dict in an array of no axes, and a plain array, as CIFAR-N's releases have."""
    tables = {name: np.array(values) for name, values in WANTED.items()}
    np.save(tmp_path / 'dict.npy', tables)
    check(pickles.read(tmp_path / 'dict.npy'))
    np.save(tmp_path / 'plain.npy', np.arange(5))
    np.testing.assert_array_equal(pickles.read(tmp_path / 'plain.npy'), np.arange(5))


@pytest.mark.parametrize('protocol', range(5))
@pytest.mark.parametrize('module', [b'numpy.core', b'numpy._core'])
def test_scalars_of_numpy_are_numbers_and_texts(tmp_path, protocol, module):
    wanted = [3, -7, 200, 1.5, True, 'joy', 2**40]
    kinds = (np.int64, np.int8, np.uint8, np.float32, np.bool_, np.str_, np.uint64)
    path = tmp_path / 'scalars'
    content = pickle.dumps(
        [kind(value) for kind, value in zip(kinds, wanted)], protocol
    )
    if protocol < 4:  # later ones give the length of a name
        content = content.replace(b'numpy._core', module)
    path.write_bytes(content)
    found = pickles.read(path)
    assert found == wanted
    assert [type(value) for value in found] == [type(value) for value in wanted]


@pytest.mark.parametrize('protocol', range(5))
def test_bare_pickles(tmp_path, protocol):
    content = collections.OrderedDict(data=np.eye(3, dtype=np.uint8), labels=[1, 2])
    (tmp_path / 'batch').write_bytes(pickle.dumps(content, protocol))
    found = pickles.read(tmp_path / 'batch')
    np.testing.assert_array_equal(found['data'], np.eye(3))
    assert found['labels'] == [1, 2]


@pytest.mark.parametrize('kind', ['npy', 'pt', 'old pt', 'bare'])
def test_code_is_not_run(tmp_path, kind):
    """The same bytes do make the folder when they are unpickled as usual."""
    target = tmp_path / 'made'
    content = trapped(kind, {'clean_label': np.arange(3), 'x': Trap(target)})
    (tmp_path / 'file').write_bytes(content)
    with pytest.raises(ValueError, match=r'asks for \w+\.mkdir.* nothing'):
        pickles.read(tmp_path / 'file')
    assert not target.exists()
    if kind == 'bare':
        pickle.loads(content)
        assert target.is_dir()


@pytest.mark.parametrize(
    'name', ['builtins.eval', 'builtins.getattr', 'numpy.fromfile', 'codecs.open']
)
def test_no_other_name_is_looked_up(tmp_path, name):
    module, _, attribute = name.rpartition('.')
    program = f'c{module}\n{attribute}\n(S"1+1"\ntR.'
    (tmp_path / 'file').write_bytes(program.encode())
    with pytest.raises(ValueError, match=f'asks for {name}'):
        pickles.read(tmp_path / 'file')


def test_tensors_stay_inside_their_storage(tmp_path):
    """Sizes beyond the storage, and strides of one's own, read foreign memory."""
    content = zlib.decompress(base64.b85decode(TORCH['tensors']))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    table = parts['tensor/data.pkl']
    # offset 0, size (4,), stride (1,) of the first tensor: K\0 K\4 \x85 q. K\1 \x85
    at = table.index(b'QK\x00K\x04\x85') + 4
    for byte in (at, at + 4):
        changed = table[:byte] + b'\x40' + table[byte + 1 :]
        with zipfile.ZipFile(tmp_path / 'list.pt', 'w') as archive:
            for name, part in (parts | {'tensor/data.pkl': changed}).items():
                archive.writestr(name, part)
        with pytest.raises(ValueError, match='cannot be read'):
            pickles.read(tmp_path / 'list.pt')


@pytest.mark.parametrize('dtype', ['O', [('a', 'O')], 'V8'])
def test_bytes_are_never_taken_for_objects(tmp_path, dtype):
    """NumPy makes an array of objects from raw bytes as pointers, when so asked."""

    class Pointers:
        def __reduce__(self):
            return np.ndarray, ((1,), np.dtype(dtype), b'12345678')

    (tmp_path / 'file').write_bytes(pickle.dumps(Pointers(), protocol=2))
    with pytest.raises(ValueError, match='cannot be read'):
        pickles.read(tmp_path / 'file')


def test_arrays_of_all_plain_types(tmp_path):
    kinds = ('?', 'u1', '>i4', '<f4', 'f8', 'S3', '<U5')
    given = {kind: np.array([[0, 1, 1], [1, 0, 1]]).astype(kind) for kind in kinds}
    given['turned'] = np.asfortranarray(np.arange(6).reshape(2, 3))
    given['objects'] = np.array(['a', None, 3], object)
    (tmp_path / 'file').write_bytes(pickle.dumps([given], protocol=4))
    (found,) = pickles.read(tmp_path / 'file')
    assert found.pop('objects') == given.pop('objects').tolist()
    for kind, array in given.items():
        np.testing.assert_array_equal(found[kind], array)
        assert found[kind].dtype == array.dtype


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (b'', 'is empty; get it again'),
        (b'PK\x03\x04 cut short', 'cannot be read'),
        (b'\x93NUMPY\x01\x00', 'cannot be read'),
        (b'no pickle at all', 'cannot be read'),
        (trapped('npy', np.arange(9))[:-8], 'cannot be read'),
        (trapped('bare', {'a': np.arange(9)})[:-8], 'cannot be read'),
    ],
)
def test_damaged_files(tmp_path, content, message):
    (tmp_path / 'file').write_bytes(content)
    with pytest.raises(ValueError, match=message) as error:
        pickles.read(tmp_path / 'file')
    assert str(tmp_path / 'file') in str(error.value)
    assert '\n' not in str(error.value)


def test_an_array_that_python_2_pickled(tmp_path):
    """As in CIFAR's batches: bytes are texts (T), numpy has its old names."""
    raw = bytes(range(250, 256))
    text = b'T' + len(raw).to_bytes(4, 'little') + raw
    program = (
        b'\x80\x02}U\x04datacnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\n'
        b'K\x00\x85U\x01b\x87R(K\x01K\x02K\x03\x86cnumpy\ndtype\nU\x02u1K\x00K\x01\x87R'
        b'(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb\x89' + text + b'tbs.'
    )
    (tmp_path / 'batch').write_bytes(program)
    found = pickles.read(tmp_path / 'batch')['data']
    assert found.dtype == np.uint8
    np.testing.assert_array_equal(found, [[250, 251, 252], [253, 254, 255]])


def shared(levels):
    """A pickle of lists, each of which holds the one before it ten times."""
    inner = []
    for _ in range(levels):
        inner = [inner] * 10
    return pickle.dumps({'worse_label': inner}, protocol=2)


@pytest.mark.parametrize(
    ('content', 'message'),
    [
        (shared(20), r'holds more than 1,000,000,000 bytes; --largest-file allows'),
        # a memo of number 4,294,967,295: 64 GB of pointers
        (b'\x80\x02]r\xff\xff\xff\xff.', None),
        # tuples of tuples as a key: 2^60 hashes
        (b'\x80\x02})' + b'2\x86' * 60 + b'K\x01s.', 'a key that is no text'),
        # a whole number of 100,000 bytes
        (
            b'\x80\x02\x8b\xa0\x86\x01\x00' + b'\x7f' * 100_000 + b'.',
            'more than 128 bit',
        ),
        (b'\x80\x02](h\x00e.', 'cannot be read'),
        (b'\x80\x02]q\x00h\x00a.', 'recursion'),
        (b'\x80\x02' + b']' * 3000 + b'a' * 2999 + b'.', 'recursion'),
    ],
)
def test_small_files_end(tmp_path, content, message):
    (tmp_path / 'file').write_bytes(content)
    if message is None:
        assert pickles.read(tmp_path / 'file') == []
        return
    with pytest.raises(errors.Unusable, match=message):
        pickles.read(tmp_path / 'file')


def test_what_is_named_twice_is_there_twice(tmp_path):
    (tmp_path / 'file').write_bytes(shared(2))
    assert pickles.read(tmp_path / 'file') == {'worse_label': [[[]] * 10] * 10}


def test_one_array_named_often_counts_as_often(tmp_path):
    """Ten megabytes, 200 times, in a file of ten megabytes."""
    array = np.zeros(10_000_000, np.uint8)
    (tmp_path / 'file').write_bytes(pickle.dumps([array] * 200, protocol=4))
    with pytest.raises(errors.Unusable, match='more than 1,000,000,000 bytes'):
        pickles.read(tmp_path / 'file')
    found = pickles.read(tmp_path / 'file', most=10**10)
    assert [one.nbytes for one in found] == [10_000_000] * 200
    with pytest.raises(errors.Unusable, match=r'at most 1,000; --largest-file all'):
        pickles.read(tmp_path / 'file', most=1000)


def test_pipes_and_devices_are_no_files(tmp_path):
    os.mkfifo(tmp_path / 'pipe')
    for path in (tmp_path / 'pipe', '/dev/zero', tmp_path):
        with pytest.raises(errors.Unusable, match='not a file'):
            pickles.read(path)
