"""Where a network looks: Grad-CAM (Selvaraju et al. 2017; proximity paper, Fig. 6)."""


def heat(loaded, images, classes):
    """Grad-CAM of each image for the class asked for, by the model's first network.

        a_k = mean over places of  d z_c / d A_k,     heat = relu(sum_k a_k A_k)

    Args:
      loaded: deploy.model.Model.
      images: [N, H, W, 3] uint8, as stored.
      classes: [N] int, c: the given label, say, or the suggested one.

    Returns:
      [N, h, w] float32 in [0, 1], h x w the size of the last feature maps; each
      divided by its largest value, zeros where nothing speaks for the class.
    """
    raise NotImplementedError
