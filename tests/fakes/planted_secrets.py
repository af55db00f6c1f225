"""Secrets planted in code of twelve languages: where a person leaves one, with what may not be lost around it.

A third is held out (`held_out`), chosen by a hash of its number before any rule was tuned; the rules were made with the
other two thirds in view only.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Iterator
from typing import NamedTuple

from planted_formats import ALNUM, FORMATS, HEX, PASSWORD, Format, Made, chars

SEED = 20261125
EACH = 5
"""How many of each format."""

NEUTRAL = ("value", "target", "entry", "sample", "item", "line")

HOSTS: dict[str, tuple[str, tuple[str, ...]]] = {
    "python": (
        "import os\n\n\ndef connect(retries: int = 3) -> Client:\n    {slot}\n    client = Client(timeout=30)\n"
        "    for _ in range(retries):\n        if client.ping():\n            return client\n"
        "    raise OSError('no answer')\n",
        (
            '{name} = "{secret}"',
            "client.use('{secret}')",
            "# used to be {secret} until May",
            'settings = {{"{name}": "{secret}"}}',
        ),
    ),
    "javascript": (
        "const fetch = require('node-fetch');\n\nasync function load(page) {{\n  {slot}\n"
        "  const answer = await fetch(`/items?p=${{page}}`);\n"
        "  return answer.json();\n}}\n\nmodule.exports = {{ load }};\n",
        ("const {name} = '{secret}';", 'send("{secret}");', "// {secret}", "const options = {{ {name}: `{secret}` }};"),
    ),
    "typescript": (
        "export class Orders {{\n  private readonly pages = new Map<number, Item[]>();\n\n"
        "  async open(id: string): Promise<Item> {{\n"
        "    {slot}\n    return this.find(id) ?? fail(`no ${{id}}`);\n  }}\n}}\n",
        ("const {name}: string = '{secret}';", "this.client.start('{secret}', {{ retry: true }});", "/* {secret} */"),
    ),
    "go": (
        'package main\n\nimport "fmt"\n\nfunc open(path string) error {{\n\t{slot}\n'
        "\tif err := ping(path); err != nil {{\n"
        '\t\treturn fmt.Errorf("ping: %w", err)\n\t}}\n\treturn nil\n}}\n',
        ('{name} := "{secret}"', 'client.Use("{secret}")', "// see {secret}", "const {name} = `{secret}`"),
    ),
    "java": (
        "package org.example;\n\npublic final class Orders {{\n    {slot}\n\n"
        "    public int count(List<Item> items) {{\n"
        "        return items.stream().mapToInt(Item::amount).sum();\n    }}\n}}\n",
        ('private static final String {name} = "{secret}";', '@Value("{secret}") String fallback;', "// {secret}"),
    ),
    "ruby": (
        "require 'json'\n\nclass Orders\n  def initialize(items)\n    @items = items\n    {slot}\n"
        "  end\n\n  def total\n"
        "    @items.sum { |item| item[:amount] }\n  end\nend\n".replace("{ |item|", "{{ |item|").replace("] }", "] }}"),
        ("{name} = '{secret}'", 'Client.new("{secret}")', "# {secret}", "OPTIONS = {{ {name}: '{secret}' }}"),
    ),
    "rust": (
        "use std::collections::HashMap;\n\n"
        "pub fn load(path: &str) -> Result<HashMap<String, u32>, Error> {{\n    {slot}\n"
        "    let text = std::fs::read_to_string(path)?;\n    parse(&text)\n}}\n",
        ('let {name} = "{secret}";', 'client.start("{secret}")?;', "// {secret}", 'const {name}: &str = "{secret}";'),
    ),
    "c": (
        "#include <stdio.h>\n\nint main(int argc, char **argv)\n{{\n    {slot}\n"
        '    printf("%d arguments\\n", argc - 1);\n    return 0;\n}}\n',
        ('const char *{name} = "{secret}";', 'start("{secret}", 8);', "/* {secret} */", '#define {name} "{secret}"'),
    ),
    "csharp": (
        "namespace Orders;\n\npublic sealed class Loader\n{{\n    {slot}\n\n"
        "    public int Count(IEnumerable<Item> items) => items.Sum(x => x.Amount);\n}}\n",
        ('private const string {name} = "{secret}";', 'static readonly Client Api = new("{secret}");', "// {secret}"),
    ),
    "php": (
        "<?php\n\nfunction load(int $page): array\n{{\n    {slot}\n"
        '    return json_decode(file_get_contents("/items?p=$page"), true);\n}}\n',
        ("${name} = '{secret}';", "start('{secret}');", "# {secret}", "return ['{name}' => '{secret}'];"),
    ),
    "shell": (
        '#!/bin/sh\nset -eu\n\nload() {{\n    {slot}\n    curl --silent "$BASE/items?p=$1"\n}}\n\nload "$@"\n',
        ("export {name}='{secret}'", 'start --to "{secret}"', "# {secret}", '{name}="{secret}"'),
    ),
    "yaml": (
        'services:\n  orders:\n    image: orders:1.4\n    environment:\n      {slot}\n    ports:\n      - "8080:80"\n',
        ("{name}: {secret}", '{name}: "{secret}"', "# {secret}", "{name}: '{secret}'"),
    ),
}

BLOCKS = {
    "python": 'KEY = """{secret}"""\n\n\ndef sign(data: bytes) -> bytes:\n    return load(KEY).sign(data)\n',
    "javascript": "const pem = `{secret}`;\n\nexport function sign(data) {{\n"
    "  return createSign(pem).update(data);\n}}\n",
    "go": "package main\n\nconst pem = `{secret}`\n\nfunc sign(data []byte) []byte {{\n"
    "\treturn parse(pem).Sign(data)\n}}\n",
    "shell": "cat > out.pem <<'END'\n{secret}\nEND\nchmod 600 out.pem\n",
}
ESCAPED = {
    "json": '{{\n  "type": "service_account",\n  "project_id": "orders-1",\n'
    '  "private_key": "{secret}\\n",\n  "client_id": "1"\n}}\n',
    "java": 'final class Keys {{\n    static final String PEM = "{secret}\\n";\n}}\n',
    "csharp": 'static class Keys\n{{\n    public const string Pem = "{secret}";\n}}\n',
    "ruby": 'PEM = "{secret}"\n\ndef sign(data)\n  OpenSSL::PKey.read(PEM).sign(data)\nend\n',
}

# Names that mean a secret, as people write them; what stands there has no format of its own.
NAMED = (
    ("python", "password = '{secret}'", PASSWORD, 12),
    ("python", 'DB_PASSWORD = "{secret}"', PASSWORD, 16),
    ("python", 'login(user="root", passwd="{secret}")', PASSWORD, 11),
    ("python", "config['client_secret'] = '{secret}'", ALNUM, 32),
    ("python", 'self.auth_token = "{secret}"', HEX, 40),
    ("javascript", "const apiKey = '{secret}';", ALNUM, 24),
    ("javascript", 'config.secretKey = "{secret}";', ALNUM, 30),
    ("javascript", "headers: {{ 'X-API-Key': '{secret}' }},", ALNUM, 28),
    ("javascript", "headers: {{ Authorization: 'Bearer {secret}' }},", ALNUM, 36),
    ("typescript", "private accessToken: string = '{secret}';", ALNUM, 32),
    ("go", 'Password: "{secret}",', PASSWORD, 14),
    ("go", 'req.Header.Set("Authorization", "Bearer {secret}")', ALNUM, 34),
    ("go", 'var apiToken = "{secret}"', ALNUM, 20),
    ("java", 'String clientSecret = "{secret}";', ALNUM, 32),
    ("java", 'props.put("password", "{secret}");', PASSWORD, 13),
    ("java", 'props.setProperty("spring.datasource.password", "{secret}");', PASSWORD, 13),
    ("ruby", "secret_key_base: '{secret}'", HEX, 64),
    ("ruby", "config.api_key = '{secret}'", ALNUM, 22),
    ("rust", 'let password = "{secret}";', PASSWORD, 12),
    ("c", '#define API_KEY "{secret}"', ALNUM, 25),
    ("csharp", 'public string Password {{ get; set; }} = "{secret}";', PASSWORD, 12),
    ("php", "define('DB_PASSWORD', '{secret}');", PASSWORD, 15),
    ("php", "'password' => '{secret}',", PASSWORD, 12),
    ("shell", "export API_TOKEN={secret}", ALNUM, 30),
    ("shell", "PGPASSWORD={secret} psql -h db", ALNUM, 14),
    ("shell", 'curl -H "Authorization: Bearer {secret}" localhost', ALNUM, 32),
    ("shell", "mysql --password={secret} orders", ALNUM, 12),
    ("yaml", "password: {secret}", ALNUM, 14),
    ("yaml", 'admin_password: "{secret}"', PASSWORD, 16),
    ("yaml", "secretKey: {secret}", ALNUM, 32),
    ("dockerfile", "ENV SECRET_KEY={secret}", ALNUM, 40),
    ("dockerfile", "ENV DB_PASSWORD {secret}", ALNUM, 14),
    ("ini", "password = {secret}", PASSWORD, 12),
    ("ini", "api-key={secret}", ALNUM, 24),
    ("properties", "db.password={secret}", ALNUM, 15),
    ("json", '"clientSecret": "{secret}",', ALNUM, 32),
    ("json", '"password": "{secret}"', PASSWORD, 14),
    ("env", "JWT_SECRET={secret}", ALNUM, 32),
    ("http", "Authorization: Bearer {secret}", ALNUM, 40),
    ("http", "X-Auth-Token: {secret}", ALNUM, 32),
    ("http", "Authorization: Basic {secret}=", ALNUM, 31),
    ("xml", "<password>{secret}</password>", ALNUM, 14),
    ("terraform", 'master_password = "{secret}"', PASSWORD, 16),
    ("sql", "CREATE USER app WITH PASSWORD '{secret}';", PASSWORD, 14),
)


class Planted(NamedTuple):
    """A text with one secret in it. `secret` may not be left in it, each of `kept` must be."""

    number: int
    format: str
    language: str
    text: str
    secret: str
    kept: tuple[str, ...]

    @property
    def held_out(self) -> bool:
        """Whether it is one of the third that no rule was made with."""
        return is_held_out(self.number)


def is_held_out(number: int) -> bool:
    """A third of all numbers, by a hash that knows nothing of what they stand for."""
    return hashlib.sha256(f"{SEED}:{number}".encode()).digest()[0] % 3 == 0


def known() -> list[Planted]:
    """The secrets of documented formats."""
    return list(_known())


def named() -> list[Planted]:
    """Values of no format of their own, given to names that mean a secret."""
    made = []
    for number, (language, line, alphabet, length) in enumerate(NAMED * 2):
        rng = random.Random(f"{SEED}:named:{number}")
        secret = (
            chars(rng, ALNUM, 2) + chars(rng, alphabet, length - 4) + rng.choice("0123456789") + rng.choice("abcdef")
        )
        made.append(Planted(10_000 + number, "named", language, line.format(secret=secret) + "\n", secret, ()))
    return made


def _known() -> Iterator[Planted]:
    languages = list(HOSTS)
    for place, form in enumerate(FORMATS):
        for turn in range(EACH):
            number = place * EACH + turn
            rng = random.Random(f"{SEED}:{number}")
            made = form.make(rng)
            if form.lines:
                yield _block(number, turn, form, made)
            else:
                language = languages[(place + turn * 5) % len(languages)]
                yield _line(number, language, form, made, rng)


def _line(number: int, language: str, form: Format, made: Made, rng: random.Random) -> Planted:
    host, slots = HOSTS[language]
    name = rng.choice(form.names) or rng.choice(NEUTRAL)
    fitting = [slot for slot in slots if "{name}" in slot] if form.names != ("",) else slots
    slot = rng.choice(fitting).format(name=name, secret=made.whole)
    return Planted(number, form.name, language, host.format(slot=slot), made.secret, made.kept)


def _block(number: int, turn: int, form: Format, made: Made) -> Planted:
    raw = turn % 2 == 0
    hosts = BLOCKS if raw else ESCAPED
    language = list(hosts)[(number // EACH + turn) % len(hosts)]
    whole, secret = made.whole, made.secret
    if not raw:
        whole, secret = whole.replace("\n", "\\n"), secret.replace("\n", "\\n")
    return Planted(number, form.name, language, hosts[language].format(secret=whole), secret.strip("\\n"), made.kept)
