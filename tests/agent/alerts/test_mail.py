"""E-mail over a real SMTP server with STARTTLS."""

import ssl
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from ipaddress import ip_address

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.alerts.channels import Context, RefusedError, SendError
from agent.alerts.links import Places
from agent.alerts.mail_channel import Mail
from launch.ports import free_port
from tests.agent.alerts.builders import notice_with

PASSWORD = "the-password-of-the-mail-account"
NO_CONTEXT = Context()


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A self-signed certificate for 127.0.0.1, as a file with its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    folder = tmp_path_factory.mktemp("certificate")
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, *form))
    (folder / "certificate.pem").write_bytes(built.public_bytes(serialization.Encoding.PEM))
    return folder


class Box:
    """Takes mail; `answer` is what the server says to it."""

    def __init__(self):
        self.mails, self.encrypted, self.answer = [], [], "250 OK"

    async def handle_DATA(self, server, session, envelope):
        if self.answer.startswith("250"):
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
            self.encrypted.append(session.ssl is not None)
        return self.answer


def authenticated(server, session, envelope, mechanism, data):
    # Not handled: the server itself says 535 to a wrong one.
    return AuthResult(success=data.password == PASSWORD.encode(), handled=False)


@pytest.fixture
def server(certificate):
    """A mail server with STARTTLS and a password; yields its box and its port."""
    box = Box()
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate / "certificate.pem", certificate / "key.pem")

    class Secured(Controller):
        def factory(self):
            return SMTP(
                self.handler,
                tls_context=context,
                authenticator=authenticated,
                auth_required=True,
                auth_require_tls=True,
            )

    controller = Secured(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield box, controller.port
    controller.stop()


def mail(port, certificate=None, **changes):
    fields = {
        "server": "127.0.0.1",
        "port": port,
        "sender": "refit@ours.example",
        "to": ("ann@ours.example", "bob@ours.example"),
        "places": Places(agent="https://agent.example"),
        "username": "refit",
        "password": PASSWORD,
        "ca_file": certificate / "certificate.pem" if certificate else None,
    }
    return Mail(**fields | changes)


def test_a_mail_goes_out_encrypted_as_text_and_as_html(server, certificate):
    box, port = server
    mail(port, certificate).send(notice_with(), NO_CONTEXT)
    (received,) = box.mails
    assert box.encrypted == [True]
    assert received["Subject"] == "[Refit] warning: sms_spam v1: messages have drifted"
    assert received["To"] == "ann@ours.example, bob@ours.example"
    assert "above 0.15" in received.get_body(("plain",)).get_content()
    assert '<a href="https://agent.example/decisions/d1">' in received.get_body(("html",)).get_content()


def test_a_server_whose_certificate_is_not_trusted_gets_no_mail(server):
    box, port = server
    with pytest.raises(SendError, match="SSLCertVerificationError"):
        mail(port).send(notice_with(), NO_CONTEXT)
    assert box.mails == []


def test_a_server_without_encryption_gets_neither_password_nor_mail(certificate):
    box = Box()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    try:
        port = controller.port
        with pytest.raises(SendError, match="SMTPNotSupportedError"):
            mail(port, certificate).send(notice_with(), NO_CONTEXT)
        assert box.mails == []
        mail(port, tls=False, username=None).send(notice_with(), NO_CONTEXT)
        assert box.encrypted == [False]
    finally:
        controller.stop()


@pytest.mark.parametrize(
    ("answer", "kind"), [("451 try later", SendError), ("554 never", RefusedError), ("552 too large", RefusedError)]
)
def test_a_server_that_may_take_it_later_is_asked_again_and_one_that_will_not_is_not(server, certificate, answer, kind):
    box, port = server
    box.answer = answer
    with pytest.raises(SendError) as caught:
        mail(port, certificate).send(notice_with(), NO_CONTEXT)
    assert type(caught.value) is kind
    assert answer[:3] in str(caught.value)


def test_a_wrong_password_is_reported_without_being_shown(server, certificate):
    _, port = server
    with pytest.raises(SendError) as caught:
        mail(port, certificate, password="not-the-password").send(notice_with(), NO_CONTEXT)
    assert "535" in str(caught.value)
    assert "not-the-password" not in str(caught.value)


def test_a_server_that_is_away_is_tried_again(certificate):
    with pytest.raises(SendError, match="ConnectionRefusedError"):
        mail(9, certificate).send(notice_with(), NO_CONTEXT)
