"""What can go wrong while acting.

RefitError (pipeline)
└── TrainingFailedError     the training process failed, answered with something else, or took too long
"""

from pipeline.errors import RefitError


class TrainingFailedError(RefitError):
    pass
