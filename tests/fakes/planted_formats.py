"""Secrets as their providers document them, made at random from a fixed seed; nothing of them was ever valid.

Written from the providers' pages before the rules were, and apart from them: no code, no pattern and no constant is
shared with `ask_lsp.privacy`, so that a rule that is wrong is not confirmed by its own mistake.
"""

from __future__ import annotations

import base64
import json
import random
import string
from collections.abc import Callable
from typing import NamedTuple

LOWER, UPPER, DIGITS = string.ascii_lowercase, string.ascii_uppercase, string.digits
LETTERS = LOWER + UPPER
ALNUM = LETTERS + DIGITS
HEX = DIGITS + "abcdef"
URL64 = ALNUM + "-_"
BASE64 = ALNUM + "+/"
BASE32 = UPPER + "234567"
PASSWORD = ALNUM + "!_-."


class Made(NamedTuple):
    """A secret with what stands around it wherever it is used. `secret` is the part that may not be seen."""

    whole: str
    secret: str
    kept: tuple[str, ...] = ()


class Format(NamedTuple):
    """How one provider's secrets look. `names` are what its documentation calls the variable; "" for any name."""

    name: str
    source: str
    make: Callable[[random.Random], Made]
    names: tuple[str, ...] = ("",)
    lines: bool = False


def chars(rng: random.Random, alphabet: str, count: int) -> str:
    """That many characters, at random."""
    return "".join(rng.choice(alphabet) for _ in range(count))


def alone(*parts: str | tuple[str, int] | tuple[str, int, int]) -> Callable[[random.Random], Made]:
    """A secret put together of fixed text and random characters: (alphabet, count) or (alphabet, least, most)."""

    def make(rng: random.Random) -> Made:
        text = ""
        for part in parts:
            if isinstance(part, str):
                text += part
            else:
                text += chars(rng, part[0], part[1] if len(part) == 2 else rng.randint(part[1], part[2]))
        return Made(text, text)

    return make


def uuid(rng: random.Random) -> str:
    """A random UUID, version 4."""
    return "-".join(
        (
            chars(rng, HEX, 8),
            chars(rng, HEX, 4),
            "4" + chars(rng, HEX, 3),
            "a" + chars(rng, HEX, 3),
            chars(rng, HEX, 12),
        )
    )


def with_uuid(before: str) -> Callable[[random.Random], Made]:
    """A prefix and a UUID."""

    def make(rng: random.Random) -> Made:
        text = before + uuid(rng)
        return Made(text, text)

    return make


def packed(value: object) -> str:
    """A value as the base64 of its JSON, as in a JWT."""
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def jwt(rng: random.Random) -> Made:
    """RFC 7519: header, claims and signature."""
    head = {"alg": rng.choice(["HS256", "RS256", "ES256"]), "typ": "JWT"}
    claims = {
        "sub": chars(rng, DIGITS, 10),
        "iat": rng.randint(1_600_000_000, 1_800_000_000),
        "name": chars(rng, LOWER, 8),
    }
    text = f"{packed(head)}.{packed(claims)}.{chars(rng, URL64, 43)}"
    return Made(text, text)


def url(scheme: str, tail: str, user: bool = True) -> Callable[[random.Random], Made]:
    """A URL with a password (RFC 3986, userinfo); all but the password is to stay."""

    def make(rng: random.Random) -> Made:
        password = chars(rng, PASSWORD, rng.randint(10, 20)) + rng.choice(DIGITS)
        name = rng.choice(["app", "admin", "svc_orders", "reader"]) if user else ""
        return Made(f"{scheme}://{name}:{password}@{tail}", password, (f"{scheme}://{name}:", f"@{tail}"))

    return make


def between(before: str, secret: Callable[[random.Random], Made], after: str) -> Callable[[random.Random], Made]:
    """A secret inside a longer text of which the rest is to stay."""

    def make(rng: random.Random) -> Made:
        inner = secret(rng).secret
        return Made(before + inner + after, inner, tuple(part for part in (before, after) if part))

    return make


def key_block(label: str) -> Callable[[random.Random], Made]:
    """RFC 7468 (or OpenPGP's armor, RFC 9580): a block of base64 lines between BEGIN and END."""

    def make(rng: random.Random) -> Made:
        lines = [chars(rng, BASE64, 64) for _ in range(rng.randint(4, 12))] + [chars(rng, BASE64, 30) + "=="]
        if "PGP" in label:
            lines = ["", *lines, "=" + chars(rng, BASE64, 4)]
        body = "\n".join(lines)
        return Made(f"-----BEGIN {label}-----\n{body}\n-----END {label}-----", body)

    return make


def aws_session(rng: random.Random) -> Made:
    """STS session tokens have no documented length; those of today begin like this and are some hundred characters."""
    text = "IQoJb3JpZ2luX2Vj" + chars(rng, BASE64, rng.randint(300, 500)) + "=="
    return Made(text, text)


def discord(rng: random.Random) -> Made:
    """Discord, developers' reference: base64 of the bot's id, a time stamp, an HMAC."""
    owner = base64.b64encode(chars(rng, "123456789", 18).encode()).decode().rstrip("=")
    text = f"{owner}.{chars(rng, URL64, 6)}.{chars(rng, URL64, 38)}"
    return Made(text, text)


def sentry_org(rng: random.Random) -> Made:
    """docs.sentry.io, token formats: organization tokens carry base64 JSON and a secret."""
    claims = {
        "iat": 1700000000.5,
        "url": "https://sentry.io",
        "region_url": "https://us.sentry.io",
        "org": chars(rng, LOWER, 6),
    }
    text = "sntrys_" + base64.b64encode(json.dumps(claims).encode()).decode() + "_" + chars(rng, BASE64, 43)
    return Made(text, text)


def grafana_cloud(rng: random.Random) -> Made:
    """Grafana Cloud access policies: base64 JSON behind the prefix."""
    claims = {"o": chars(rng, DIGITS, 6), "n": chars(rng, LOWER, 8), "k": chars(rng, ALNUM, 24), "m": {"r": "eu"}}
    text = "glc_" + base64.b64encode(json.dumps(claims).encode()).decode()
    return Made(text, text)


def one_password(rng: random.Random) -> Made:
    """1Password service accounts: base64 JSON behind `ops_`."""
    claims = {
        "signInAddress": "my.1password.com",
        "userAuth": {"method": "SRPg-4096"},
        "secretKey": chars(rng, ALNUM, 120),
    }
    text = "ops_" + packed(claims)
    return Made(text, text)


FORMATS: tuple[Format, ...] = (
    Format("openai", "platform.openai.com/docs", alone("sk-", (ALNUM, 20), "T3BlbkFJ", (ALNUM, 20))),
    Format("openai project", "platform.openai.com/docs", alone("sk-proj-", (URL64, 74), "T3BlbkFJ", (URL64, 74))),
    Format(
        "openai service account", "platform.openai.com/docs", alone("sk-svcacct-", (URL64, 58), "T3BlbkFJ", (URL64, 58))
    ),
    Format("openai admin", "platform.openai.com/docs", alone("sk-admin-", (URL64, 58), "T3BlbkFJ", (URL64, 58))),
    Format("anthropic", "docs.anthropic.com", alone("sk-ant-api03-", (URL64, 93), "AA")),
    Format("anthropic admin", "docs.anthropic.com", alone("sk-ant-admin01-", (URL64, 93), "AA")),
    Format("openrouter", "openrouter.ai/docs", alone("sk-or-v1-", (HEX, 64))),
    Format("groq", "console.groq.com/docs", alone("gsk_", (ALNUM, 52))),
    Format("xai", "docs.x.ai", alone("xai-", (ALNUM, 80))),
    Format("perplexity", "docs.perplexity.ai", alone("pplx-", (ALNUM, 48))),
    Format("replicate", "replicate.com/docs", alone("r8_", (ALNUM, 37))),
    Format("huggingface", "huggingface.co/docs/hub/security-tokens", alone("hf_", (LETTERS, 34))),
    Format("nvidia", "docs.api.nvidia.com", alone("nvapi-", (URL64, 64))),
    Format("langsmith", "docs.smith.langchain.com", alone("lsv2_pt_", (HEX, 32), "_", (HEX, 10))),
    Format("pinecone", "docs.pinecone.io", alone("pcsk_", (ALNUM, 5), "_", (ALNUM, 63))),
    Format("aws key id", "docs.aws.amazon.com/IAM reference_identifiers", alone("AKIA", (BASE32, 16))),
    Format("aws temporary key id", "docs.aws.amazon.com/IAM reference_identifiers", alone("ASIA", (BASE32, 16))),
    Format(
        "aws secret",
        "docs.aws.amazon.com/IAM",
        alone((BASE64, 40)),
        ("AWS_SECRET_ACCESS_KEY", "aws_secret_access_key", "SecretAccessKey"),
    ),
    Format("aws session token", "docs.aws.amazon.com/STS", aws_session, ("AWS_SESSION_TOKEN", "aws_session_token")),
    Format("gcp api key", "cloud.google.com/docs/authentication/api-keys", alone("AIza", (URL64, 35))),
    Format("gcp client secret", "developers.google.com/identity", alone("GOCSPX-", (URL64, 28))),
    Format("gcp access token", "cloud.google.com/docs/authentication/token-types", alone("ya29.", (URL64, 120, 200))),
    Format(
        "azure storage connection",
        "learn.microsoft.com/azure/storage",
        between(
            "DefaultEndpointsProtocol=https;AccountName=orders;AccountKey=",
            alone((BASE64, 86), "=="),
            ";EndpointSuffix=core.windows.net",
        ),
    ),
    Format(
        "azure storage key",
        "learn.microsoft.com/purview sit-defn-azure-storage-account-key-generic",
        alone((BASE64, 86), "=="),
        ("AZURE_STORAGE_KEY", "accountKey", "storage_account_key"),
    ),
    Format(
        "azure sas",
        "learn.microsoft.com/azure/storage sas",
        between(
            "https://orders.blob.core.windows.net/in?sv=2023-11-03&sr=b&se=2026-01-01T00%3A00%3A00Z&sp=r&sig=",
            alone((ALNUM, 20), "%2B", (ALNUM, 10), "%2F", (ALNUM, 11), "%3D"),
            "",
        ),
    ),
    Format(
        "azure service bus",
        "learn.microsoft.com/azure/service-bus-messaging",
        between(
            "Endpoint=sb://orders.servicebus.windows.net/;SharedAccessKeyName=RootManage;SharedAccessKey=",
            alone((BASE64, 43), "="),
            ";EntityPath=q",
        ),
    ),
    Format(
        "azure client secret",
        "learn.microsoft.com/purview client secret",
        alone((ALNUM, 3), "8Q~", (ALNUM + "_~.-", 33), "a"),
    ),
    Format("azure devops", "learn.microsoft.com/azure/devops pat", alone((ALNUM, 76), "AZDO", (ALNUM, 4))),
    Format("github personal", "github.blog token formats", alone("ghp_", (ALNUM, 36))),
    Format("github oauth", "github.blog token formats", alone("gho_", (ALNUM, 36))),
    Format("github user", "github.blog token formats", alone("ghu_", (ALNUM, 36))),
    Format("github server", "github.blog token formats", alone("ghs_", (ALNUM, 36))),
    Format("github refresh", "github.blog token formats", alone("ghr_", (ALNUM, 76))),
    Format("github fine-grained", "docs.github.com", alone("github_pat_", (ALNUM, 22), "_", (ALNUM, 59))),
    Format("gitlab personal", "docs.gitlab.com/security/tokens", alone("glpat-", (URL64, 20))),
    Format(
        "gitlab routable", "docs.gitlab.com/security/tokens", alone("glpat-", (URL64, 27), ".01.", (DIGITS + LOWER, 9))
    ),
    Format("gitlab deploy", "docs.gitlab.com/security/tokens", alone("gldt-", (URL64, 20))),
    Format("gitlab runner", "docs.gitlab.com/security/tokens", alone("glrt-", (URL64, 20))),
    Format("gitlab trigger", "docs.gitlab.com/security/tokens", alone("glptt-", (HEX, 40))),
    Format("gitlab job", "docs.gitlab.com/security/tokens", alone("glcbt-64_", (URL64, 20))),
    Format(
        "slack bot",
        "api.slack.com/concepts/token-types",
        alone("xoxb-", (DIGITS, 12), "-", (DIGITS, 13), "-", (ALNUM, 24)),
    ),
    Format(
        "slack user",
        "api.slack.com/concepts/token-types",
        alone("xoxp-", (DIGITS, 12), "-", (DIGITS, 12), "-", (DIGITS, 13), "-", (HEX, 32)),
    ),
    Format(
        "slack app",
        "api.slack.com/concepts/token-types",
        alone("xapp-1-A", (UPPER + DIGITS, 10), "-", (DIGITS, 13), "-", (HEX, 64)),
    ),
    Format(
        "slack webhook",
        "api.slack.com/messaging/webhooks",
        between(
            "https://hooks.slack.com/services/",
            alone("T", (UPPER + DIGITS, 10), "/B", (UPPER + DIGITS, 10), "/", (ALNUM, 24)),
            "",
        ),
    ),
    Format("stripe live", "docs.stripe.com/keys", alone("sk_live_", (ALNUM, 99))),
    Format("stripe test", "docs.stripe.com/keys", alone("sk_test_", (ALNUM, 24))),
    Format("stripe restricted", "docs.stripe.com/keys", alone("rk_live_", (ALNUM, 99))),
    Format("stripe webhook", "docs.stripe.com/webhooks", alone("whsec_", (ALNUM, 32))),
    Format("npm", "docs.npmjs.com access tokens", alone("npm_", (ALNUM, 36))),
    Format("pypi", "PyPI help, apitoken", alone("pypi-AgEIcHlwaS5vcmc", (URL64, 140, 180))),
    Format("rubygems", "guides.rubygems.org api-key", alone("rubygems_", (HEX, 48))),
    Format("nuget", "learn.microsoft.com/nuget", alone("oy2", (LOWER + "234567", 43))),
    Format("docker hub", "docs.docker.com/security/access-tokens", alone("dckr_pat_", (URL64, 27))),
    Format("jwt", "RFC 7519", jwt),
    Format("rsa private key", "RFC 7468", key_block("RSA PRIVATE KEY"), lines=True),
    Format("ec private key", "RFC 7468", key_block("EC PRIVATE KEY"), lines=True),
    Format("pkcs8 private key", "RFC 7468", key_block("PRIVATE KEY"), lines=True),
    Format("encrypted private key", "RFC 7468", key_block("ENCRYPTED PRIVATE KEY"), lines=True),
    Format("openssh private key", "openssh PROTOCOL.key", key_block("OPENSSH PRIVATE KEY"), lines=True),
    Format("pgp private key", "RFC 9580", key_block("PGP PRIVATE KEY BLOCK"), lines=True),
    Format("postgres url", "postgresql.org libpq-connect", url("postgresql", "db.internal:5432/orders")),
    Format("mysql url", "dev.mysql.com", url("mysql", "10.0.0.7:3306/orders?charset=utf8")),
    Format(
        "mongodb url",
        "mongodb.com connection-string",
        url("mongodb+srv", "cluster0.ab1cd.mongodb.net/orders?retryWrites=true"),
    ),
    Format("redis url", "redis.io", url("redis", "cache.internal:6379/0", user=False)),
    Format("amqp url", "rabbitmq.com uri-spec", url("amqps", "mq.internal/vhost")),
    Format("basic auth url", "RFC 3986", url("https", "nexus.internal/repository/releases/")),
    Format("sentry dsn style url", "RFC 3986", url("http", "localhost:9200")),
    Format(
        "ado connection string",
        "learn.microsoft.com sqlclient",
        between(
            "Server=tcp:sql.internal,1433;Database=orders;User ID=app;Password=",
            alone((ALNUM + "!#", 14), "7"),
            ";Encrypt=True",
        ),
    ),
    Format(
        "jdbc url",
        "jdbc.postgresql.org",
        between("jdbc:postgresql://db.internal/orders?user=app&password=", alone((ALNUM, 16), "9"), "&ssl=true"),
    ),
    Format("sendgrid", "docs.sendgrid.com", alone("SG.", (URL64, 22), ".", (URL64, 43))),
    Format("twilio key sid", "twilio.com/docs/iam/api-keys", alone("SK", (HEX, 32))),
    Format("twilio auth token", "twilio.com/docs", alone((HEX, 32)), ("TWILIO_AUTH_TOKEN", "twilio_auth_token")),
    Format("mailgun", "documentation.mailgun.com", alone("key-", (HEX, 32))),
    Format("mailchimp", "mailchimp.com/developer", alone((HEX, 32), "-us", ("123456789", 1, 2))),
    Format("brevo", "developers.brevo.com", alone("xkeysib-", (HEX, 64), "-", (ALNUM, 16))),
    Format("discord bot", "discord.com/developers/docs", discord),
    Format(
        "discord webhook",
        "discord.com/developers/docs/resources/webhook",
        between("https://discord.com/api/webhooks/1234567890123456789/", alone((URL64, 68)), ""),
    ),
    Format("telegram bot", "core.telegram.org/bots", alone(("123456789", 10), ":AA", (URL64, 33))),
    Format("shopify admin", "shopify.dev/docs/apps", alone("shpat_", (HEX, 32))),
    Format("shopify secret", "shopify.dev/docs/apps", alone("shpss_", (HEX, 32))),
    Format("digitalocean", "docs.digitalocean.com/reference/api", alone("dop_v1_", (HEX, 64))),
    Format("heroku", "devcenter.heroku.com", alone("HRKU-AA", (URL64, 58))),
    Format("heroku uuid", "devcenter.heroku.com", with_uuid(""), ("HEROKU_API_KEY", "heroku_api_key")),
    Format("databricks", "docs.databricks.com pat", alone("dapi", (HEX, 32))),
    Format(
        "datadog",
        "docs.datadoghq.com/account_management/api-app-keys",
        alone((HEX, 32)),
        ("DD_API_KEY", "datadog_api_key"),
    ),
    Format(
        "datadog app",
        "docs.datadoghq.com/account_management/api-app-keys",
        alone((HEX, 40)),
        ("DD_APP_KEY", "DATADOG_APP_KEY"),
    ),
    Format("new relic user", "docs.newrelic.com api-keys", alone("NRAK-", (UPPER + DIGITS, 27))),
    Format("new relic license", "docs.newrelic.com api-keys", alone((HEX, 36), "NRAL")),
    Format("cloudflare", "developers.cloudflare.com token-formats", alone("cfut_", (ALNUM, 40), (HEX, 8))),
    Format("cloudflare global", "developers.cloudflare.com token-formats", alone("cfk_", (ALNUM, 40), (HEX, 8))),
    Format(
        "cloudflare named",
        "developers.cloudflare.com",
        alone((URL64, 40)),
        ("CLOUDFLARE_API_TOKEN", "cloudflare_api_token"),
    ),
    Format("linear", "linear.app/developers", alone("lin_api_", (ALNUM, 40))),
    Format("notion", "developers.notion.com", alone("ntn_", (DIGITS, 11), (ALNUM, 35))),
    Format("notion legacy", "developers.notion.com", alone("secret_", (ALNUM, 43))),
    Format(
        "atlassian",
        "support.atlassian.com api tokens",
        alone("ATATT3xFfGF0", (URL64, 171), "=", (UPPER[:6] + DIGITS, 8)),
    ),
    Format("bitbucket", "support.atlassian.com app passwords", alone("ATBB", (ALNUM, 24), (UPPER[:6] + DIGITS, 8))),
    Format("vault service", "developer.hashicorp.com/vault tokens", alone("hvs.", (URL64, 90, 110))),
    Format("vault batch", "developer.hashicorp.com/vault tokens", alone("hvb.", (URL64, 140, 200))),
    Format(
        "terraform cloud", "developer.hashicorp.com/terraform api-tokens", alone((ALNUM, 14), ".atlasv1.", (URL64, 67))
    ),
    Format("doppler personal", "docs.doppler.com/reference/auth-token-formats", alone("dp.pt.", (ALNUM, 43))),
    Format("doppler service", "docs.doppler.com/reference/auth-token-formats", alone("dp.st.prd.", (ALNUM, 43))),
    Format("grafana service account", "grafana.com/docs service-accounts", alone("glsa_", (ALNUM, 32), "_", (HEX, 8))),
    Format("grafana cloud", "grafana.com/docs access policies", grafana_cloud),
    Format("square", "developer.squareup.com access-tokens", alone("sq0atp-", (URL64, 22))),
    Format("square secret", "developer.squareup.com oauth", alone("sq0csp-", (URL64, 43))),
    Format("square access", "developer.squareup.com access-tokens", alone("EAAA", (URL64, 60))),
    Format("planetscale token", "planetscale.com/docs/api/service-tokens", alone("pscale_tkn_", (URL64, 43))),
    Format("planetscale password", "planetscale.com/docs", alone("pscale_pw_", (URL64, 43))),
    Format("supabase personal", "supabase.com/docs personal-access-tokens", alone("sbp_", (HEX, 40))),
    Format(
        "supabase secret", "supabase.com/docs/guides/api/api-keys", alone("sb_secret_", (URL64, 22), "_", (URL64, 8))
    ),
    Format("sentry user", "docs.sentry.io token-formats", alone("sntryu_", (HEX, 64))),
    Format("sentry organization", "docs.sentry.io token-formats", sentry_org),
    Format("postman", "learning.postman.com", alone("PMAK-", (HEX, 24), "-", (HEX, 34))),
    Format("figma", "figma.com/developers", alone("figd_", (URL64, 40))),
    Format("airtable", "airtable.com/developers", alone("pat", (ALNUM, 14), ".", (HEX, 64))),
    Format("pulumi", "pulumi.com/docs access-tokens", alone("pul-", (HEX, 40))),
    Format("netlify", "docs.netlify.com", alone("nfp_", (ALNUM, 36))),
    Format("circleci", "circleci.com/docs", alone("CCIPAT_", (ALNUM, 22), "_", (HEX, 40))),
    Format("sonarqube", "docs.sonarsource.com user-token", alone("squ_", (HEX, 40))),
    Format("tailscale", "tailscale.com/kb auth-keys", alone("tskey-auth-k", (ALNUM, 10), "CNTRL-", (ALNUM, 32))),
    Format("age", "age-encryption.org/v1", alone("AGE-SECRET-KEY-1", ("QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L", 58))),
    Format("dynatrace", "docs.dynatrace.com access tokens", alone("dt0c01.", (BASE32, 24), ".", (BASE32, 64))),
    Format("alibaba", "alibabacloud.com/help ram", alone("LTAI5t", (ALNUM, 18))),
    Format("1password", "developer.1password.com service-accounts", one_password),
    Format("typeform", "typeform.com/developers", alone("tfp_", (URL64, 44))),
    Format("contentful", "contentful.com/developers", alone("CFPAT-", (URL64, 43))),
    Format("hubspot", "developers.hubspot.com private-apps", with_uuid("pat-na1-")),
    Format("openshift", "docs.openshift.com", alone("sha256~", (URL64, 43))),
    Format("mapbox", "docs.mapbox.com access-tokens", alone("sk.eyJ1Ijoi", (ALNUM, 60), ".", (URL64, 22))),
    Format(
        "braintree",
        "developer.paypal.com/braintree",
        alone("access_token$production$", (LOWER + DIGITS, 16), "$", (HEX, 32)),
    ),
)
