import numpy as np

from fer_jax.analysis import compactness


def test_table_and_distances_against_a_loop():
    """Class 2 has no example, class 3 a single one."""
    generator = np.random.default_rng(1)
    labels = np.array([0, 1, 0, 3, 1, 1, 0])
    faces = generator.normal(size=(7, 5)).astype(np.float32)
    found = compactness.table(faces, labels, 4)
    centres = compactness.centres(faces, labels, 4)
    distances = compactness.distances(faces, centres)
    for c in (0, 1, 3):
        own = [face.astype(float) for face, label in zip(faces, labels) if label == c]
        centre = sum(own) / len(own)
        away = [np.sqrt(((face - centre) ** 2).sum()) for face in own]
        mean = sum(away) / len(away)
        spread = sum((one - mean) ** 2 for one in away) / len(away)
        np.testing.assert_allclose(found.mean[c], mean)
        np.testing.assert_allclose(found.deviation[c], spread**0.5, atol=1e-12)
        np.testing.assert_allclose(centres[c], centre)
        for row, face in enumerate(faces):
            away = np.sqrt(((face - centre) ** 2).sum())
            np.testing.assert_allclose(distances[row, c], away)
    assert np.isnan([found.mean[2], found.deviation[2], *centres[2]]).all()
    assert found.count.tolist() == [3, 3, 0, 1]
