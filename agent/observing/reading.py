"""What the reports of the monitoring mean as evidence. Pure: no clock, no files, no model calls."""

from agent.evidence import AccuracyEvidence, DataStatus
from pipeline.monitoring.accuracy import AccuracyReport, AccuracyStatus
from pipeline.monitoring.drift_report import WindowStatus

WINDOW_STATUS = {
    WindowStatus.OK: DataStatus.SUFFICIENT,
    WindowStatus.LOW_POWER: DataStatus.LOW_POWER,
    WindowStatus.INSUFFICIENT: DataStatus.TOO_FEW,
    WindowStatus.NO_DATA: DataStatus.NO_DATA,
}
ACCURACY_STATUS = {
    AccuracyStatus.OK: DataStatus.SUFFICIENT,
    AccuracyStatus.TOO_FEW: DataStatus.TOO_FEW,
    AccuracyStatus.NO_DATA: DataStatus.NO_DATA,
}


def accuracy_evidence(report: AccuracyReport | None, window: DataStatus) -> AccuracyEvidence:
    """When messages have stopped, old labels say nothing about now: the status is stale and the scores are null."""
    if report is None:
        return AccuracyEvidence()
    status = DataStatus.STALE if window is DataStatus.STALE else ACCURACY_STATUS[report.status]
    shown = report if status.usable else None
    return AccuracyEvidence(
        status=status,
        estimate=shown.estimate if shown else None,
        low=shown.low if shown else None,
        high=shown.high if shown else None,
        p_below_floor=shown.p_below_floor if shown else None,
        labelled=report.labelled,
        more_labels=report.more_labels,
        method=report.method if report.labelled else None,
        upper_estimate=report.upper_estimate if status is not DataStatus.STALE else None,
        suspicious=report.suspicious if status is not DataStatus.STALE else None,
        label_delay_hours=report.label_delay_hours,
    )
