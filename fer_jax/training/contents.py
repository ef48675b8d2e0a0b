"""What the JSON files of a run have to hold, as far as anything reads it (files.py)."""

from fer_jax.data import documents, features, sets, weights

FORMAT = 2  # of a run's folder; 1: history.npz was written anew after each epoch
VERSION = documents.Kind(
    f'one that this version of fer_jax reads, 1 to {FORMAT}',
    documents.whole_number(1, FORMAT).fits,
)
SHARE = documents.either(documents.number(), documents.NOTHING)
SECTION = documents.mapping(documents.ANY)
MODEL = documents.fields(
    {'backbone': documents.TEXT, 'width': documents.whole_number(1)}
)
CONFIG = documents.fields(  # what is read of it without a config file
    {
        'algorithm': documents.fields({'name': documents.TEXT}),
        'model': MODEL,
        'data': documents.fields(
            {
                'dir': documents.TEXT,
                'augmentation': documents.TEXT,
                'image_size_px': sets.IMAGE_SIZE_PX,
            }
        ),
        'epochs': documents.whole_number(1),
    }
)
DIGEST = documents.either(documents.TEXT, documents.NOTHING)
FEATURES = documents.fields(  # training.front.Front.about
    features.NETWORK
    | {
        'shape': documents.sequence(documents.whole_number(1), 3, 3),
        'axes_sha256': documents.SHA256,
    },
    optional=features.OWN,
)
DATA = documents.fields(
    {
        'class_names': sets.CLASS_NAMES,
        'image_size_px': sets.IMAGE_SIZE_PX,
        'set': documents.TEXT,
        'digest': documents.TEXT,
        'train_examples': documents.whole_number(1),
        'noise_list_sha256': DIGEST,
    },
    optional={
        'format': VERSION,
        'start': weights.STARTS,
        'pretrained': documents.sequence(  # what `start` was called
            documents.fields({'folder': documents.TEXT, 'card': weights.FIELDS})
        ),
        'skipped_records': documents.sequence(documents.TEXT),
        'features': FEATURES,
    },
)
ROW = documents.fields(
    {'epoch': documents.whole_number(1), 'step': documents.whole_number()}
)
_CLASSES = {'class_names': sets.CLASS_NAMES}
_SAID = {
    'answer': documents.TEXT,
    'method': documents.TEXT,
    **dict.fromkeys(('last', 'last5', 'best_on_test'), SHARE),
    **dict.fromkeys(('balanced_accuracy', 'macro_f1'), SHARE),
    'recalls': documents.mapping(SHARE),
    'confusion': documents.sequence(documents.sequence(documents.whole_number())),
    'test_examples': documents.whole_number(),
    'dataset_digest': documents.TEXT,
    'noise_list_sha256': DIGEST,
    'fer_jax': documents.TEXT,
    'config': documents.fields(
        {
            'algorithm': documents.fields({'name': documents.TEXT}),
            'data': documents.fields(
                dict.fromkeys(('dir', 'name', 'on_corrupt'), documents.TEXT)
            ),
            'noise': SECTION,
            'model': SECTION,
        }
    ),
}
_SIGNAL = documents.fields({'name': documents.TEXT, 'rising': documents.TRUTH})
RESULT = documents.fields(  # older versions say less
    _CLASSES, optional=_SAID | {'format': VERSION, 'signal': _SIGNAL}
)
AUDITED = documents.fields(_CLASSES | _SAID)  # the result of what has a page
REBUILT = documents.fields(  # that of an older run, whose method is made once more
    {
        'config': documents.fields(
            {
                'algorithm': documents.fields({'name': documents.TEXT}),
                'model': MODEL,
                'data': documents.fields({'image_size_px': sets.IMAGE_SIZE_PX}),
            }
        )
    }
)
BACK = 'put the file that the run wrote in its place'
