"""The formats of known keys, as data: one line a format, from the providers' documentation.

`literals` is what a text must hold for the rule to cost anything at all. The pattern is tried at each place of a
literal, or from `before` characters ahead of it where the key does not begin with it; a group named `secret` is the
part that is replaced, else all of it. A key has no letter or digit in front of it (those of an escape like `\\n` may be
there). Every quantifier has a bound, so that no text makes a rule slow.

*2026-11-25: detect-secrets 1.5.0, the library that is kept up, was tried in the place of all this, on the two thirds
of our corpora that rules were made with. It hid 198 of 429 planted keys whole (221 with something flagged), took 37
of 316 look-alikes for secrets, and needed 904 ms for 200 KB; without its entropy plugins 110, 10 and 574 ms. Ours:
429, 0 and 8 ms. It also tells lines and not positions, and has no multi-line keys. So it is no dependency.*
"""

from __future__ import annotations

import re
from functools import cache
from typing import NamedTuple


class Rule(NamedTuple):
    """One format. `before`: how far ahead of the literal the key may begin, in code points."""

    kind: str
    literals: tuple[str, ...]
    pattern: str
    before: int = 0


@cache
def compiled(pattern: str) -> re.Pattern[str]:
    """The pattern, compiled when the first text holds its literal: all of them would cost 50 ms at start."""
    return re.compile(pattern)


_END = r"(?![A-Za-z0-9_-])"
_LAST = r"(?![A-Za-z0-9])"
_W = r"[A-Za-z0-9_-]"
_A = r"[A-Za-z0-9]"
_H = r"[0-9a-fA-F]"


def _plain(kind: str, prefix: str, body: str) -> Rule:
    return Rule(kind, (prefix,), re.escape(prefix) + body)


RULES: tuple[Rule, ...] = (
    # Models
    _plain("ANTHROPIC_KEY", "sk-ant-", rf"[a-z]{{2,8}}\d{{0,2}}-{_W}{{20,200}}"),
    _plain("OPENROUTER_KEY", "sk-or-", rf"v\d-{_H}{{40,80}}"),
    _plain("OPENAI_KEY", "sk-", rf"(?:proj|svcacct|admin|None|service)-{_W}{{20,250}}"),
    Rule("OPENAI_KEY", ("T3BlbkFJ",), rf"sk-(?:[A-Za-z0-9]{{1,20}}-)?{_W}{{10,130}}?T3BlbkFJ{_W}{{10,130}}", 160),
    Rule("LANGFUSE_KEY", ("sk-lf-",), rf"sk-lf-{_H}{{8}}-{_H}{{4}}-{_H}{{4}}-{_H}{{4}}-{_H}{{12}}"),
    Rule("API_KEY", ("sk-",), rf"sk-(?=[A-Za-z]{{0,40}}\d){_A}{{32,64}}{_END}"),
    _plain("GROQ_KEY", "gsk_", rf"{_A}{{40,80}}{_LAST}"),
    _plain("XAI_KEY", "xai-", rf"{_A}{{60,120}}{_LAST}"),
    _plain("PERPLEXITY_KEY", "pplx-", rf"{_A}{{32,80}}{_LAST}"),
    _plain("REPLICATE_TOKEN", "r8_", rf"{_A}{{37,40}}{_END}"),
    _plain("HUGGINGFACE_TOKEN", "hf_", rf"[A-Za-z0-9]{{30,40}}{_END}"),
    _plain("HUGGINGFACE_TOKEN", "api_org_", rf"[A-Za-z0-9]{{30,40}}{_END}"),
    _plain("NVIDIA_KEY", "nvapi-", rf"{_W}{{40,100}}"),
    _plain("CEREBRAS_KEY", "csk-", rf"{_A}{{40,64}}{_END}"),
    _plain("LANGSMITH_KEY", "lsv2_", rf"(?:pt|sk)_{_H}{{32}}_{_H}{{10}}"),
    _plain("PINECONE_KEY", "pcsk_", rf"{_A}{{4,10}}_{_A}{{40,80}}"),
    _plain("TAVILY_KEY", "tvly-", rf"(?:dev-|prod-)?{_A}{{24,64}}{_END}"),
    # Clouds
    Rule("AWS_KEY_ID", ("AKIA", "ASIA", "ABIA", "ACCA"), rf"A(?:KIA|SIA|BIA|CCA)[A-Z2-7]{{16}}{_LAST}"),
    Rule(
        "AWS_SESSION_TOKEN", ("IQoJb3JpZ2lu", "FwoGZXIvYXdz"), r"(?:IQoJb3JpZ2lu|FwoGZXIvYXdz)[A-Za-z0-9+/=%]{60,2000}"
    ),
    _plain("AWS_BEDROCK_KEY", "ABSK", rf"[A-Za-z0-9+/]{{100,200}}={{0,2}}{_LAST}"),
    _plain("GCP_API_KEY", "AIza", rf"{_W}{{35}}{_END}"),
    _plain("GCP_CLIENT_SECRET", "GOCSPX-", rf"{_W}{{28}}{_END}"),
    _plain("GCP_ACCESS_TOKEN", "ya29.", r"[A-Za-z0-9_.-]{40,600}"),
    _plain("GCP_REFRESH_TOKEN", "1//0", rf"{_W}{{60,160}}{_END}"),
    Rule("AZURE_KEY", ("AccountKey=", "accountkey="), r"[Aa]ccount[Kk]ey=(?P<secret>[A-Za-z0-9+/]{40,120}={0,2})"),
    Rule("AZURE_KEY", ("SharedAccessKey=",), r"SharedAccessKey=(?P<secret>[A-Za-z0-9+/%]{30,100}={0,2})"),
    Rule(
        "AZURE_KEY",
        ("+AMC", "+ASt", "AzCa", "+ABa", "+ARm", "AzSe", "AIoT", "AzFu", "AzEg", "+AEh", "ACDb", "AZEG"),
        r"(?<![A-Za-z0-9+/])[A-Za-z0-9+/]{33,76}(?:\+AMC|\+ASt|AzCa|\+ABa|\+ARm|AzSe|AIoT|AzFu|AzEg|\+AEh|ACDb|AZEG)"
        r"[A-Za-z0-9+/]{5,6}={1,2}",
        80,
    ),
    Rule("AZURE_SAS", ("sig=",), r"sig=(?P<secret>(?:[A-Za-z0-9+/_-]|%2[BbFf]){30,120}(?:%3[Dd]|=){0,2})"),
    Rule(
        "AZURE_CLIENT_SECRET",
        ("Q~",),
        r"(?<![A-Za-z0-9_~.-])[A-Za-z0-9_~.]{3}\dQ~[A-Za-z0-9_~.-]{31,34}(?![A-Za-z0-9_~-])",
        4,
    ),
    Rule("AZURE_DEVOPS_TOKEN", ("AZDO",), rf"(?<!{_A}){_A}{{76}}AZDO{_A}{{4}}{_LAST}", 76),
    Rule("DIGITALOCEAN_TOKEN", ("_v1_",), rf"(?<!{_A})(?:dop|doo|dor)_v1_{_H}{{60,68}}", 3),
    _plain("ALIBABA_KEY_ID", "LTAI", rf"{_A}{{12,26}}{_END}"),
    Rule("TENCENT_KEY_ID", ("AKID",), rf"(?<![A-Za-z0-9+/])AKID{_A}{{32}}(?![A-Za-z0-9+/_-])"),
    _plain("YANDEX_KEY", "AQVN", rf"{_W}{{35,40}}{_END}"),
    _plain("IBM_KEY", "apikey-v1-", rf"{_A}{{20,80}}"),
    Rule("HEROKU_KEY", ("HRKU-",), rf"HRKU-{_W}{{30,80}}"),
    _plain("FLY_TOKEN", "fo1_", rf"{_W}{{43}}{_END}"),
    _plain("FLY_TOKEN", "fm2_", r"[A-Za-z0-9+/]{80,2000}={0,3}"),
    _plain("NETLIFY_TOKEN", "nfp_", rf"{_A}{{32,50}}{_END}"),
    _plain("RENDER_KEY", "rnd_", rf"{_A}{{20,40}}{_END}"),
    Rule(
        "VERCEL_TOKEN", ("vercel_blob_rw_", "vcp_", "vck_"), rf"(?:vercel_blob_rw_{_W}{{16,80}}|vc[pk]_{_A}{{24,80}})"
    ),
    _plain("SCALINGO_TOKEN", "tk-us-", rf"{_W}{{48}}{_END}"),
    Rule("CLOUDFLARE_TOKEN", ("cfk_", "cfut_", "cfat_"), rf"cf(?:k|ut|at)_{_A}{{40,60}}{_END}"),
    Rule("CLOUDFLARE_ORIGIN_KEY", ("v1.0-",), rf"v1\.0-{_H}{{24}}-{_H}{{146}}"),
    _plain("DATABRICKS_TOKEN", "dapi", rf"{_H}{{32}}(?:-\d)?{_LAST}"),
    _plain("DATABRICKS_SECRET", "dose", rf"{_H}{{32}}{_LAST}"),
    Rule("SUPABASE_KEY", ("sbp_", "sb_secret_"), rf"(?:sbp_(?:[a-z]{{1,4}}_)?{_H}{{40}}|sb_secret_{_W}{{20,60}})"),
    Rule("PLANETSCALE_TOKEN", ("pscale_",), r"pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.=-]{32,64}"),
    _plain("NEON_KEY", "napi_", rf"{_A}{{40,80}}{_END}"),
    # Code and packages
    Rule("GITHUB_TOKEN", ("ghp_", "gho_", "ghu_", "ghs_", "ghr_"), rf"gh[pousr]_{_A}{{36,255}}{_LAST}"),
    _plain("GITHUB_TOKEN", "github_pat_", r"[A-Za-z0-9_]{60,255}"),
    Rule(
        "GITLAB_TOKEN",
        ("glpat-", "gldt-", "glrt-", "glrtr-", "glsoat-", "glimt-", "glft-", "gloas-", "glagent-", "glwt-"),
        rf"gl(?:pat|dt|rtr?|soat|imt|ft|oas|agent|wt)-(?:t\d_)?{_W}{{20,300}}(?:\.[0-9a-z]{{2}}\.?[0-9a-z]{{7,9}})?",
    ),
    _plain("GITLAB_TOKEN", "glptt-", rf"{_H}{{40}}"),
    _plain("GITLAB_TOKEN", "glcbt-", rf"(?:{_H}{{1,5}}_)?{_W}{{20,64}}"),
    _plain("GITLAB_TOKEN", "glffct-", rf"{_W}{{20,64}}"),
    Rule("GITLAB_TOKEN", ("GR1348941",), rf"GR1348941{_W}{{20,50}}"),
    _plain("NPM_TOKEN", "npm_", rf"{_A}{{36}}{_END}"),
    _plain("PYPI_TOKEN", "pypi-", rf"AgE{_W}{{50,1000}}"),
    _plain("RUBYGEMS_KEY", "rubygems_", rf"{_H}{{48}}{_LAST}"),
    _plain("NUGET_KEY", "oy2", rf"[a-z2-7]{{43}}{_LAST}"),
    _plain("CRATES_TOKEN", "cio", rf"[A-Za-z0-9]{{32}}{_END}"),
    _plain("CLOJARS_TOKEN", "CLOJARS_", rf"{_H}{{60}}{_LAST}"),
    Rule("DOCKER_TOKEN", ("dckr_pat_", "dckr_oat_"), rf"dckr_[po]at_{_W}{{24,64}}"),
    Rule("ATLASSIAN_TOKEN", ("ATATT3", "ATCTT3"), r"AT[AC]TT3[A-Za-z0-9_-]{80,250}(?:=[0-9A-F]{8})?"),
    Rule("BITBUCKET_PASSWORD", ("ATBB",), rf"ATBB{_A}{{28,40}}{_END}"),
    _plain("JFROG_TOKEN", "AKCp", rf"{_A}{{60,80}}{_LAST}"),
    _plain("JFROG_TOKEN", "cmVmdGtu", rf"{_A}{{56}}{_LAST}"),
    _plain("CIRCLECI_TOKEN", "CCIPAT_", rf"{_A}{{20,24}}_{_H}{{40}}"),
    Rule("SONAR_TOKEN", ("sqp_", "squ_", "sqa_"), rf"sq[pua]_{_H}{{40}}{_LAST}"),
    Rule("BUILDKITE_TOKEN", ("bkua_", "bkct_"), rf"bk(?:ua|ct)_{_A}{{40,64}}{_LAST}"),
    _plain("PULUMI_TOKEN", "pul-", rf"{_H}{{40}}{_LAST}"),
    Rule("TERRAFORM_TOKEN", (".atlasv1.",), rf"(?<!{_A}){_A}{{14}}\.atlasv1\.{_W}{{60,80}}", 14),
    Rule("VAULT_TOKEN", ("hvs.", "hvb.", "hvr."), rf"hv[sbr]\.{_W}{{24,300}}"),
    Rule(
        "DOPPLER_TOKEN",
        ("dp.",),
        rf"dp\.(?:pt|st|ct|sa|said|scim|audit)\.(?:[a-z0-9_-]{{2,35}}\.)?{_A}{{40,44}}{_LAST}",
    ),
    Rule("INFISICAL_TOKEN", ("st.",), rf"st\.{_H}{{24}}\.{_H}{{32}}\.{_H}{{32}}"),
    _plain("ONEPASSWORD_TOKEN", "ops_", r"eyJ[A-Za-z0-9_-]{100,2000}={0,2}"),
    _plain("PREFECT_KEY", "pnu_", rf"{_A}{{36}}{_END}"),
    _plain("POSTMAN_KEY", "PMAK-", rf"{_H}{{24}}-{_H}{{34}}"),
    _plain("SOURCEGRAPH_TOKEN", "sgp_", rf"(?:{_H}{{16}}_|local_)?{_H}{{40}}"),
    _plain("HARNESS_TOKEN", "pat.", rf"{_W}{{22}}\.{_A}{{24}}\.{_A}{{20}}"),
    _plain("OPENSHIFT_TOKEN", "sha256~", rf"{_W}{{43}}{_END}"),
    _plain("AGE_KEY", "AGE-SECRET-KEY-1", r"[A-Z0-9]{58}"),
    _plain("TAILSCALE_KEY", "tskey-", rf"[a-z]{{2,12}}-{_A}{{8,24}}-{_A}{{16,48}}"),
    # Watching
    Rule("SENTRY_TOKEN", ("sntryu_",), rf"sntryu_{_H}{{64}}"),
    _plain("SENTRY_TOKEN", "sntrys_", r"eyJ[A-Za-z0-9+/=]{30,400}_[A-Za-z0-9+/]{40,48}"),
    Rule("GRAFANA_TOKEN", ("glsa_",), rf"glsa_{_A}{{32}}_{_H}{{8}}"),
    _plain("GRAFANA_TOKEN", "glc_", r"eyJ[A-Za-z0-9+/]{30,400}={0,2}"),
    _plain("GRAFANA_KEY", "eyJrIjoi", r"[A-Za-z0-9+/]{60,400}={0,2}"),
    Rule("NEW_RELIC_KEY", ("NRAK-", "NRII-", "NRAA-", "NRRA-"), rf"NR(?:AK|II|AA|RA)-[A-Z0-9a-z-]{{27,50}}{_END}"),
    Rule("NEW_RELIC_KEY", ("NRAL",), rf"(?<!{_A})[0-9a-fA-Z]{{36}}NRAL{_LAST}", 36),
    Rule("DYNATRACE_TOKEN", ("dt0",), r"dt0[a-z]\d{2}\.[A-Z0-9]{24}\.[A-Z0-9]{64}"),
    _plain("DATADOG_KEY", "ddapp_", rf"{_A}{{34,64}}{_END}"),
    # Messages and people
    Rule(
        "SLACK_TOKEN",
        ("xoxb-", "xoxp-", "xoxa-", "xoxr-", "xoxs-", "xoxo-", "xoxc-", "xoxd-"),
        r"xox[a-z]-[A-Za-z0-9%/+-]{20,255}",
    ),
    Rule("SLACK_TOKEN", ("xapp-",), r"xapp-\d-[A-Z0-9]{8,14}-\d{8,16}-[a-f0-9]{40,80}"),
    Rule("SLACK_TOKEN", ("xoxe",), r"xoxe(?:\.xox[bp])?-\d-[A-Za-z0-9]{100,255}"),
    Rule(
        "SLACK_WEBHOOK",
        ("hooks.slack.com/",),
        r"hooks\.slack\.com/(?:services|workflows|triggers)/(?P<secret>[A-Z0-9]{8,14}/[A-Z0-9]{8,20}/[A-Za-z0-9/]{16,64})",
    ),
    Rule("DISCORD_WEBHOOK", ("/api/webhooks/",), rf"/api/webhooks/\d{{16,20}}/(?P<secret>{_W}{{60,80}})"),
    Rule(
        "TEAMS_WEBHOOK",
        (".webhook.office.com/",),
        r"\.webhook\.office\.com/webhookb2/(?P<secret>[A-Za-z0-9@/-]{80,250})",
    ),
    Rule(
        "DISCORD_TOKEN",
        tuple(a + b for a in "MNO" for b in "DTjz"),
        rf"[MNO][DTjz][A-Za-z0-9_-]{{21,26}}\.{_W}{{6}}\.{_W}{{27,40}}{_END}",
    ),
    Rule("TELEGRAM_TOKEN", (":AA",), rf"(?:bot)?(?<!\d)(?P<secret>\d{{8,10}}:AA{_W}{{32,34}}){_END}", 13),
    Rule("TWILIO_KEY", ("SK",), r"SK[0-9a-f]{32}(?![0-9A-Za-z])"),
    Rule("SENDGRID_KEY", ("SG.",), rf"SG\.{_W}{{20,24}}\.{_W}{{39,50}}"),
    _plain("MAILGUN_KEY", "key-", r"[0-9a-f]{32}(?![0-9A-Za-z])"),
    Rule("MAILCHIMP_KEY", ("-us",), r"(?<![0-9A-Za-z])[0-9a-f]{32}-us\d{1,2}(?!\d)", 32),
    Rule("BREVO_KEY", ("xkeysib-", "xsmtpsib-"), rf"x(?:key|smtp)sib-{_H}{{64}}-{_A}{{16}}"),
    Rule("RESEND_KEY", ("re_",), rf"re_{_A}{{7,10}}_{_A}{{20,30}}{_END}"),
    # Money, shops, and the rest
    Rule("STRIPE_KEY", ("k_live_", "k_test_"), rf"(?<!{_A})[sr]k_(?:live|test)_{_A}{{16,250}}", 1),
    Rule("STRIPE_SECRET", ("whsec_",), r"whsec_[A-Za-z0-9+/]{24,80}={0,2}"),
    Rule("SQUARE_TOKEN", ("sq0",), rf"sq0[a-z]{{3}}-{_W}{{22,50}}"),
    Rule("SQUARE_TOKEN", ("EAAA",), rf"(?<![A-Za-z0-9+/])EAAA{_W}{{60}}(?![A-Za-z0-9+/_-])"),
    Rule("FACEBOOK_TOKEN", ("EAA",), r"(?<![A-Za-z0-9+/])EAA[A-Za-z0-9]{80,300}(?![A-Za-z0-9+/])"),
    Rule("BRAINTREE_TOKEN", ("access_token$",), r"access_token\$(?:production|sandbox)\$[0-9a-z]{16}\$[0-9a-f]{32}"),
    Rule(
        "PLAID_TOKEN",
        ("access-",),
        rf"access-(?:sandbox|development|production)-{_H}{{8}}-{_H}{{4}}-{_H}{{4}}-{_H}{{4}}-{_H}{{12}}",
    ),
    Rule("FLUTTERWAVE_KEY", ("FLWSECK",), rf"FLWSECK(?:_TEST)?-{_A}{{12,40}}(?:-X)?"),
    Rule("RAZORPAY_KEY", ("rzp_",), rf"rzp_(?:live|test)_{_A}{{14,20}}"),
    Rule("SHOPIFY_TOKEN", ("shpat_", "shpca_", "shppa_", "shpss_"), rf"shp(?:at|ca|pa|ss)_{_H}{{32}}"),
    Rule("SHIPPO_TOKEN", ("shippo_",), rf"shippo_(?:live|test)_{_H}{{40}}"),
    Rule("EASYPOST_KEY", ("EZAK", "EZTK"), rf"EZ[AT]K{_A}{{54}}{_END}"),
    Rule("DUFFEL_TOKEN", ("duffel_",), rf"duffel_(?:live|test)_{_W}{{40,48}}"),
    _plain("LINEAR_KEY", "lin_api_", rf"{_A}{{40}}"),
    _plain("LINEAR_TOKEN", "lin_oauth_", rf"{_H}{{64}}"),
    _plain("NOTION_TOKEN", "ntn_", rf"{_A}{{40,60}}{_END}"),
    _plain("NOTION_TOKEN", "secret_", rf"{_A}{{43}}{_END}"),
    _plain("FIGMA_TOKEN", "figd_", rf"{_W}{{36,60}}"),
    Rule("AIRTABLE_TOKEN", ("pat",), rf"pat{_A}{{14}}\.{_H}{{64}}"),
    Rule("HUBSPOT_TOKEN", ("pat-",), rf"pat-(?:na|eu)\d-{_H}{{8}}-{_H}{{4}}-{_H}{{4}}-{_H}{{4}}-{_H}{{12}}"),
    Rule("TYPEFORM_TOKEN", ("tfp_",), rf"tfp_{_W}{{40,64}}"),
    _plain("CONTENTFUL_TOKEN", "CFPAT-", rf"{_W}{{40,50}}"),
    Rule("MAPBOX_TOKEN", ("sk.eyJ",), rf"sk\.eyJ{_A}{{30,200}}\.{_W}{{20,30}}"),
    Rule(
        "LAUNCHDARKLY_KEY", ("sdk-", "api-"), rf"(?:sdk|api)-{_H}{{8}}-{_H}{{4}}-{_H}{{4}}-{_H}{{4}}-{_H}{{12}}{_LAST}"
    ),
    _plain("README_KEY", "rdme_", rf"{_A}{{70}}"),
    _plain("ADAFRUIT_KEY", "aio_", rf"{_A}{{28}}{_END}"),
    _plain("DENO_TOKEN", "ddp_", rf"{_A}{{36}}{_END}"),
    _plain("POSTHOG_KEY", "phx_", rf"{_A}{{40,50}}{_END}"),
    _plain("CLOUDINARY_SECRET", "cloudinary://", rf"\d{{10,20}}:(?P<secret>{_W}{{20,40}})"),
    _plain("DROPBOX_TOKEN", "sl.", rf"{_W}{{130,200}}"),
    Rule("JWT", ("eyJ",), rf"eyJ{_W}{{10,2000}}\.eyJ{_W}{{10,4000}}\.{_W}{{10,1000}}"),
)
