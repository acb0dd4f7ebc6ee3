"""Generated spam campaigns of kinds that the training data has never seen. Pure: the random generator is an argument.

Real campaigns of this kind cannot be shipped, so these are written for the project: templates with word lists. They are
used by the demonstration, the simulations and the benchmarks, which say so wherever they report a figure.
"""

import random
import re
from collections.abc import Callable, Mapping, Sequence

CAMPAIGNS: Mapping[str, Sequence[str]] = {
    "crypto": (
        "{hello}your {coin} wallet has been {locked}. Verify your seed phrase within {hours}h at {link}",
        "{coin} is up {percent}% today. Our trading bot turned ${amount} into ${more}. Join the group: {link}",
        "{hello}you were sent {decimal} {coin} by {name}. Confirm the transfer before it expires {link}",
        "Withdrawal of {decimal} {coin} requested from a new device. Not you? Secure the account now {link}",
        "{name} here from the {exchange} desk. Your staking reward of {decimal} {coin} is ready, log in at {link}",
        "Early access: the {exchange} airdrop closes tonight. Connect your wallet and receive {amount} tokens {link}",
    ),
    "delivery": (
        "{carrier}: your parcel {tracking} is held at the depot, the address is incomplete. Update it: {link}",
        "{hello}we missed you today. Reschedule delivery of parcel {tracking} and settle the {fee} fee here {link}",
        "{carrier} notice: customs charge of {fee} outstanding on shipment {tracking}. Pay to release it {link}",
        "Your package could not fit through the letterbox. Choose a new slot with {carrier} at {link}",
        "The driver could not find house number {number}. Please confirm your details for {carrier}: {link}",
        "{carrier}: final attempt for {tracking} is tomorrow. Without confirmation it goes back to the sender {link}",
    ),
    "toll": (
        "{road} services: an unpaid toll of {fee} is on your plate. Avoid a ${amount} late penalty: {link}",
        "Final reminder, vehicle passage on {day} has not been paid ({fee}). Settle before enforcement {link}",
        "Your {road} account shows an outstanding balance of {fee}. Licence may be suspended, resolve at {link}",
        "Parking notice {tracking}: {fee} is due by {day}. It doubles after that. View the photo and pay {link}",
        "{hello}the low emission zone charge for {day} was not received. Pay {fee} online to stop the fine {link}",
    ),
    "job": (
        "{hello}this is {name} from {agency}. Remote role, {hours} mins a day, ${amount} daily. WhatsApp {phone}",
        "Hi, I found your CV online. We need people to rate hotels, ${amount} to ${more} per day. Interested?",
        "{agency} is hiring part time assistants, no experience, paid daily in {coin}. Telegram {name} {phone}",
        "Work from home position is still open: like and subscribe, ${amount} a week. Add {name} on WhatsApp {phone}",
        "{name}, HR at {agency}. Your profile matches a flexible online job, training paid. Can I share details?",
        "We tried to reach you about the data entry vacancy. Salary ${more} monthly, start {day}. Text YES to {phone}",
    ),
    "refund": (
        "{office}: you are due a refund of {fee} for the last period. Submit your bank details to claim it {link}",
        "{hello}your energy rebate of {fee} has been approved. Apply before {day} as funds are limited {link}",
        "A payment of {fee} to {office} was taken twice. Request the reversal through our secure form {link}",
        "Subscription renewed: {fee} will leave your account {day}. To cancel and get it back go to {link}",
        "{office} cost of living payment: our records show you have not claimed {fee}. Complete the form {link}",
    ),
}

WORDS: Mapping[str, Sequence[str]] = {
    "hello": ("", "", "Hello, ", "Dear customer, ", "Good morning, ", "Hi, "),
    "coin": ("BTC", "ETH", "USDT", "Solana", "Dogecoin", "XRP"),
    "exchange": ("Krypten", "BitHarbor", "Coinora", "LedgerPort", "Nexachain"),
    "locked": ("suspended", "limited", "flagged", "locked", "restricted"),
    "name": ("Emma", "Sophia", "Daniel", "Grace", "Lucas", "Amara", "Wei", "Olivia", "Marek", "Hannah"),
    "carrier": ("ParcelForward", "RoyalPost", "SwiftEx", "EuroCourier", "UniParcel", "PostPoint"),
    "road": ("E-Toll", "FastPass", "Turnpike", "ExpressLane", "CityRoad"),
    "agency": ("BrightHire", "TalentBridge", "NorthStaff", "Workly", "GlobalTask"),
    "office": ("Revenue Office", "Tax Service", "Gov Benefits", "Customer Rebates", "Billing Dept"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "tomorrow", "tonight"),
}
_LINK_WORDS = ("secure", "verify", "track", "my", "pay", "help", "portal", "claim", "info", "id")
_LINK_ENDINGS = ("top", "info", "live", "click", "vip", "cc", "online")
_SLOT = re.compile(r"\{(\w+)\}")


def campaign_messages(kind: str, count: int, rng: random.Random) -> list[str]:
    """`count` different messages of one kind. Raises KeyError for a kind that is not in CAMPAIGNS."""
    messages: dict[str, None] = {}
    while len(messages) < count:
        messages[_SLOT.sub(lambda slot: _fill(slot[1], rng), rng.choice(CAMPAIGNS[kind]))] = None
    return list(messages)


def mixed_campaigns(count: int, rng: random.Random) -> list[str]:
    """`count` messages over all kinds in turn, shuffled."""
    kinds = list(CAMPAIGNS)
    shares = [count // len(kinds) + (i < count % len(kinds)) for i in range(len(kinds))]
    messages = [text for kind, share in zip(kinds, shares, strict=True) for text in campaign_messages(kind, share, rng)]
    rng.shuffle(messages)
    return messages


def _fill(slot: str, rng: random.Random) -> str:
    return rng.choice(WORDS[slot]) if slot in WORDS else _NUMBERS[slot](rng)


def _link(rng: random.Random) -> str:
    words = "-".join(rng.sample(_LINK_WORDS, rng.choice((1, 2))))
    scheme, page = rng.choice(("https://", "", "")), rng.choice("abcdefghkmnpqrstuvwxyz")
    return f"{scheme}{words}{rng.randrange(10, 999)}.{rng.choice(_LINK_ENDINGS)}/{page}{rng.randrange(100, 9999)}"


_NUMBERS: Mapping[str, Callable[[random.Random], str]] = {
    "link": _link,
    "amount": lambda rng: str(rng.randrange(50, 950, 10)),
    "more": lambda rng: f"{rng.randrange(1, 9)},{rng.randrange(100, 999)}",
    "percent": lambda rng: str(rng.randrange(5, 60)),
    "decimal": lambda rng: f"{rng.uniform(0.01, 4):.{rng.choice((2, 3))}f}",
    "fee": lambda rng: f"{rng.choice('£$€')}{rng.uniform(1, 320):.2f}",
    "hours": lambda rng: str(rng.choice((12, 24, 30, 45, 48, 60, 72))),
    "number": lambda rng: str(rng.randrange(1, 240)),
    "tracking": lambda rng: "".join(rng.choices("ABCDEFGHJKLMNPQRSTUVWXYZ", k=2)) + str(rng.randrange(10**6, 10**8)),
    "phone": lambda rng: f"+{rng.choice((1, 44, 60, 62, 84))}{rng.randrange(10**8, 10**9)}",
}
