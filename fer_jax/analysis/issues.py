"""issues.json: the suspected labels of a run, for other programs."""


def ranked(ids, given, suggested, right, class_names, threshold=0.5):
    """The labels that are more probably wrong than `threshold` allows, worst first.

    Args:
      ids: [N] str.
      given, suggested: [N] int.
      right: [N] calibrated probability that the given label is right.
      class_names: of the C classes.
      threshold: labels with right < threshold are suspected.

    Returns:
      List of {'rank' (from 1), 'id', 'given_label', 'suggested_label',
      'probability_right'}.
    """
    raise NotImplementedError


def write(path, issues, about):
    """Writes issues.json: `about` (a dict: run, counts, expected yield) and `issues`."""
    raise NotImplementedError
