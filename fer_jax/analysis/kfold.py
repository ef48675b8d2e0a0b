"""Out-of-fold probabilities of every training example, as cleanlab takes them.

RUN/kfold/0 ... K-1    runs that never see the examples of their fold
RUN/pred_probs.npy     [N, C] float32, of the run that did not see the example
RUN/labels.npy         [N] int64, given
RUN/ids.npy            [N] str
RUN/class_names.json   names of the columns
"""


def run(workdir, k):
    """Trains K runs with the config of the run in `workdir` and writes the files above.

    Each of the K can be stopped and goes on with the same command.

    Returns:
      The folder with the files; None when stopped.

    Raises:
      ValueError, FileNotFoundError: no run there, or fewer than 2 folds.
    """
    raise NotImplementedError
