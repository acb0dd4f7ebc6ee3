"""What can go wrong while deciding; each message says what happened and what to do.

RefitError (pipeline)
└── AgentError
    ├── BusyError               another agent holds the lease of this model
    ├── LeaseLostError          the lease ran out while this agent worked; another may have taken over
    ├── LedgerError             the ledger cannot be written or does not hold what was asked for
    │   └── UnknownDecisionError
    ├── EvidenceFileError       a file of evidence cannot be read as such
    ├── ApprovalRefusedError    an approval is unknown, expired, used or bound to something else
    │   └── UnknownApprovalError
    ├── ApiError                a request to the control plane is refused; carries its status and code
    ├── AlertSetupError         a setting of the alerts is missing or cannot be read
    ├── ApiSetupError           the control plane would be open to strangers as it is configured
    ├── ScheduleError           a calendar or a time zone of a schedule cannot be read
    └── EffectError             an effect (training, promotion, rollback) could not be carried out
"""

from datetime import datetime

from pipeline.errors import RefitError


class AgentError(RefitError):
    """Base of every error that the agent raises on purpose."""


class BusyError(AgentError):
    def __init__(self, name: str, holder: str, until: datetime):
        super().__init__(
            f"{holder} is working on {name} (until {until:%H:%M:%S} UTC, unless it renews). Try again after that."
        )


class LeaseLostError(AgentError):
    pass


class LedgerError(AgentError):
    pass


class UnknownDecisionError(LedgerError):
    pass


class EvidenceFileError(AgentError):
    pass


class ApprovalRefusedError(AgentError):
    pass


class UnknownApprovalError(ApprovalRefusedError):
    pass


class ApiError(AgentError):
    def __init__(self, status: int, code: str, message: str):
        super().__init__(message)
        self.status, self.code = status, code


class AlertSetupError(AgentError):
    pass


class ApiSetupError(AgentError):
    pass


class ScheduleError(AgentError):
    pass


class EffectError(AgentError):
    pass
