"""Records on disk become batches: sets, record files, noise lists, augmentation."""
