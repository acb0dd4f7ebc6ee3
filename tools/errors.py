"""What can go wrong while acting.

RefitError (pipeline)
├── TrainingFailedError     the training process failed, answered with something else, or took too much
│   └── TrainingCancelledError   somebody cancelled it
├── UnknownJobError         there is no such job
└── JobNotRunningError      the job has ended: there is nothing to cancel
"""

from pipeline.errors import RefitError


class TrainingFailedError(RefitError):
    pass


class TrainingCancelledError(TrainingFailedError):
    pass


class UnknownJobError(RefitError):
    pass


class JobNotRunningError(RefitError):
    pass
