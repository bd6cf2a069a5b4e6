"""Package URLs: what each part is, and that nothing breaks it."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from secscan.sources import purl


@pytest.mark.parametrize(
    ("text", "type", "namespace", "name", "version"),
    [
        ("pkg:maven/org.apache.struts/struts2-core@2.3.20?type=jar", "maven", "org.apache.struts", "struts2-core", "2.3.20"),
        ("pkg:npm/%40angular/core@12.0.0", "npm", "@angular", "core", "12.0.0"),
        ("pkg:npm/@angular/core@12.0.0", "npm", "@angular", "core", "12.0.0"),
        ("pkg:npm/@angular/core", "npm", "@angular", "core", ""),
        ("pkg:golang/github.com/acme/tool@v1.2.3#cmd/tool", "golang", "github.com/acme", "tool", "v1.2.3"),
        ("pkg:deb/debian/curl@7.50.3-1%2Bdeb9u1?arch=i386&distro=jessie", "deb", "debian", "curl", "7.50.3-1+deb9u1"),
        ("PKG:NuGet/EnterpriseLibrary.Common@6.0.1304", "nuget", "", "EnterpriseLibrary.Common", "6.0.1304"),
        ("pkg:docker/acme/app@sha256%3Aabc", "docker", "acme", "app", "sha256:abc"),
        ("pkg://pypi/django@3.2", "pypi", "", "django", "3.2"),
        ("pkg:gem/rails", "gem", "", "rails", ""),
    ],
)  # fmt: skip
def test_a_package_url_is_taken_apart(text: str, type: str, namespace: str, name: str, version: str) -> None:
    found = purl.parse(text)
    assert found is not None
    assert (found.type, found.namespace, found.name, found.version) == (type, namespace, name, version)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pkg:",
        "pkg:maven",
        "pkg:maven/",
        "pkg:maven//",
        "pkg:/x",
        "http://a/b",
        "deb/debian/x",
        "pkg:ma ven/x",
        None,
        7,
        "pkg:npm/" + "x" * 5000,
    ],
)
def test_what_is_no_package_url_is_none(text: object) -> None:
    assert purl.parse(text) is None


@pytest.mark.parametrize(
    ("text", "kind", "name", "version"),
    [
        ("pkg:deb/debian/bash@5.0-4", "dpkg", "bash", "5.0-4"),
        ("pkg:rpm/redhat/openssl@1.1.1k-5.el8?arch=x86_64&epoch=1", "rpm", "openssl", "1:1.1.1k-5.el8"),
        ("pkg:rpm/redhat/bash@4.4-1?epoch=0", "rpm", "bash", "4.4-1"),
        ("pkg:rpm/redhat/bash@2:4.4-1?epoch=2", "rpm", "bash", "2:4.4-1"),
        ("pkg:apk/alpine/openssl@1.1.1k-r0", None, "openssl", "1.1.1k-r0"),
        ("pkg:maven/junit/junit@4.12", "sbom", "junit:junit", "4.12"),
        ("pkg:composer/laravel/framework@8.1", "sbom", "laravel/framework", "8.1"),
        ("pkg:pypi/django@3.2", "sbom", "django", "3.2"),
    ],
)  # fmt: skip
def test_names_and_versions_are_as_the_ecosystem_writes_them(
    text: str, kind: str | None, name: str, version: str
) -> None:
    found = purl.parse(text)
    assert found is not None
    assert (found.kind, found.full_name, found.full_version) == (kind, name, version)


_PART = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=20).filter(
    lambda text: text.strip("/@")
)


@given(_PART, _PART, _PART)
def test_what_was_written_is_read(namespace: str, name: str, version: str) -> None:
    found = purl.parse(f"pkg:generic/{quote(namespace, safe='')}/{quote(name, safe='')}@{quote(version, safe='')}")
    assert found is not None
    assert (found.namespace, found.name, found.version) == (namespace, name, version)


@given(st.text(max_size=60))
def test_no_text_breaks_it(text: str) -> None:
    for one in (text, f"pkg:{text}", f"pkg:npm/{text}"):
        found = purl.parse(one)
        assert found is None or found.name
