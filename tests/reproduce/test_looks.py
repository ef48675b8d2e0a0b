"""Numbers of a run that need its networks."""

import json
import shutil

from fer_jax.reproduce import looks
from fer_jax.training import files, loop, setup
from tests import damage


def test_features_are_found_where_the_run_found_them(
    on_features, faces, features_of_faces, tmp_path
):
    """Those of drawn faces have a folder of their own, and say what they say where
    data.features names them. Where the run skips damaged records, so does a look."""
    config = on_features('coteaching')
    data, drawn = tmp_path / 'set', tmp_path / 'set.features-40-3'
    shutil.copytree(faces, data)
    shutil.copytree(features_of_faces, drawn)
    config.data.dir, config.data.features = str(data), ''
    config.data.max_train, config.data.subset_seed = 40, 3
    run = tmp_path / 'runs' / 'drawn'
    loop.train(setup.prepare(config, run))
    found = looks.of(run, files.read_result(run), None)
    assert {'distance', 'distance anger', 'cosine'} <= {*found}

    told = json.loads((run / 'config.json').read_text())
    told['data']['features'] = str(drawn)
    (run / 'config.json').write_text(json.dumps(told))
    (tmp_path / looks.LOOKS).rename(tmp_path / 'before')
    told['data']['on_corrupt'] = 'skip'
    (run / 'config.json').write_text(json.dumps(told))
    damaged, _, _ = damage.a_record(faces, tmp_path, 'test')
    assert {*looks.of(run, files.read_result(run), damaged)} == {'accuracy'}
    assert looks.of(run, files.read_result(run), None) == found
