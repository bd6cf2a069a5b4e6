"""What Corvale's Linux servers list: the output of ``dpkg-query -W`` and of ``rpm -qa``."""

from __future__ import annotations

from typing import Final

_DPKG: Final = """
adduser         3.134                   3.118                   3.118ubuntu5            3.118ubuntu2
apt             2.6.1                   2.2.4                   2.4.13                  2.0.10
base-files      12.4+deb12u8            11.1+deb11u11           12ubuntu4.7             11ubuntu5.8
bash            5.2.15-2+b7             5.1-2+deb11u1           5.1-6ubuntu1.1          5.0-6ubuntu1.2
ca-certificates 20230311                20210119                20240203~22.04.1        20240203~20.04.1
coreutils       9.1-1                   8.32-4+b1               8.32-4.1ubuntu1.2       8.30-3ubuntu2
cron            3.0pl1-162              3.0pl1-137              3.0pl1-137ubuntu3       3.0pl1-136ubuntu1
curl            7.88.1-10+deb12u8       7.74.0-1.3+deb11u14     7.81.0-1ubuntu1.20      7.68.0-1ubuntu2.25
dpkg            1.21.22                 1.20.13                 1.21.1ubuntu2.3         1.19.7ubuntu3.2
gnupg           2.2.40-1.1              2.2.27-2+deb11u2        2.2.27-3ubuntu2.1       2.2.19-3ubuntu2.2
grep            3.8-5                   3.6-1+deb11u1           3.7-1build1             3.4-1
gzip            1.12-1                  1.10-4+deb11u1          1.10-4ubuntu4.1         1.10-0ubuntu4.1
iproute2        6.1.0-3                 5.10.0-4                5.15.0-1ubuntu2         5.5.0-1ubuntu1
libc6           2.36-9+deb12u9          2.31-13+deb11u11        2.35-0ubuntu3.8         2.31-0ubuntu9.16
libssl          3.0.15-1~deb12u1        1.1.1w-0+deb11u2        3.0.2-0ubuntu1.18       1.1.1f-1ubuntu2.23
login           4.13+dfsg1-1+b1         4.8.1-1                 4.8.1-2ubuntu2.2        4.8.1-1ubuntu5.20.04.5
logrotate       3.21.0-1                3.18.0-2+deb11u2        3.19.0-1ubuntu1.1       3.14.0-4ubuntu3
ncurses-base    6.4-4                   6.2+20201114-2+deb11u2  6.3-2ubuntu0.1          6.2-0ubuntu2.1
openssh-server  9.2p1-2+deb12u3         8.4p1-5+deb11u3         8.9p1-3ubuntu0.10       8.2p1-4ubuntu0.11
openssl         3.0.15-1~deb12u1        1.1.1w-0+deb11u2        3.0.2-0ubuntu1.18       1.1.1f-1ubuntu2.23
perl-base       5.36.0-7+deb12u1        5.32.1-4+deb11u4        5.34.0-3ubuntu1.3       5.30.0-9ubuntu0.5
procps          4.0.2-3                 3.3.17-5                3.3.17-6ubuntu2.1       3.3.16-1ubuntu2.4
python3         3.11.2-1+b1             3.9.2-3                 3.10.6-1~22.04.1        3.8.2-0ubuntu2
rsyslog         8.2302.0-1              8.2102.0-2+deb11u1      8.2112.0-2ubuntu2.2     8.2001.0-1ubuntu1.3
sed             4.9-1                   4.7-1                   4.8-1ubuntu2            4.7-1
sudo            1.9.13p3-1+deb12u1      1.9.5p2-3+deb11u1       1.9.9-1ubuntu2.4        1.8.31-1ubuntu1.5
systemd         252.31-1~deb12u1        247.3-7+deb11u6         249.11-0ubuntu3.12      245.4-4ubuntu3.24
tar             1.34+dfsg-1.2+deb12u1   1.34+dfsg-1+deb11u1     1.34+dfsg-1ubuntu0.1    1.30+dfsg-7ubuntu0.20.04.4
tzdata          2024b-0+deb12u1         2024b-0+deb11u1         2024a-0ubuntu0.22.04.1  2024a-0ubuntu0.20.04.1
unattended-upgrades 2.9.1+nmu3          2.8                     2.8ubuntu1              2.3ubuntu0.3
util-linux      2.38.1-5+deb12u1        2.36.1-8+deb11u2        2.37.2-4ubuntu3.4       2.34-0.1ubuntu9.6
zlib1g          1:1.2.13.dfsg-1         1:1.2.11.dfsg-2+deb11u2 1:1.2.11.dfsg-2ubuntu9.2 1:1.2.11.dfsg-2ubuntu1.5
"""
_RELEASES: Final = ("debian12", "debian11", "ubuntu2204", "ubuntu2004")

_RPM: Final = """
bash            4.2.46-35.el7_9     4.4.20-5.el8
ca-certificates 2023.2.60_v7.0.306-72.el7_9 2024.2.69_v8.0.303-80.0.el8_10
chrony          3.4-1.el7           4.5-2.el8_10
coreutils       8.22-24.el7_9.2     8.30-15.el8
cronie          1.4.11-25.el7_9     1.5.2-10.el8
curl            7.29.0-59.el7_9.2   7.61.1-34.el8_10.2
dbus            1.10.24-15.el7      1.12.8-26.el8
filesystem      3.2-25.el7          3.8-6.el8
glibc           2.17-326.el7_9.3    2.28-251.el8_10.5
grep            2.20-3.el7          3.1-6.el8
gzip            1.5-11.el7_9        1.9-13.el8_5
kernel          3.10.0-1160.119.1.el7 4.18.0-553.22.1.el8_10
logrotate       3.8.6-19.el7        3.14.0-6.el8
openssh-server  7.4p1-23.el7_9      8.0p1-25.el8_10
openssl         1.0.2k-26.el7_9     1.1.1k-14.el8_6
pam             1.1.8-23.el7        1.3.1-36.el8_10
policycoreutils 2.5-34.el7          2.9-26.el8_10
redhat-release  7.9-8.el7_9         8.10-0.3.el8
rpm             4.11.3-48.el7_9     4.14.3-31.el8
rsyslog         8.24.0-57.el7_9.3   8.2102.0-15.el8_10.1
sed             4.2.2-7.el7         4.5-5.el8
sudo            1.8.23-10.el7_9.3   1.9.5p2-1.el8_9
systemd         219-78.el7_9.9      239-82.el8_10.2
tar             1.26-35.el7         1.30-9.el8
tzdata          2024a-1.el7         2024b-1.el8
util-linux      2.23.2-65.el7_9.1   2.32.1-46.el8
yum             3.4.3-168.el7       4.7.0-20.el8
zlib            1.2.7-21.el7_9      1.2.11-25.el8
"""
_OWN: Final = {
    "cvl-web1": (
        ("nginx", "1.22.1-9"), ("php8.2-fpm", "8.2.24-1~deb12u1"), ("php8.2-cli", "8.2.24-1~deb12u1"),
        ("mariadb-server", "1:10.11.6-0+deb12u1"), ("certbot", "2.1.0-4"), ("redis-server", "5:7.0.15-1~deb12u1"),
    ),
    "cvl-web2": (
        ("apache2", "2.4.62-1~deb11u1"), ("libapache2-mod-php7.4", "7.4.33-1+deb11u7"), ("php7.4-cli", "7.4.33-1+deb11u7"),
        ("mariadb-server", "1:10.5.26-0+deb11u2"), ("certbot", "1.12.0-2"),
    ),
    "cvl-maps": (
        ("postgresql-14", "14.13-0ubuntu0.22.04.1"), ("postgresql-14-postgis-3", "3.2.0+dfsg-1ubuntu1"),
        ("nginx", "1.18.0-6ubuntu14.5"), ("tomcat9", "9.0.58-1ubuntu0.1"), ("openjdk-11-jre-headless", "11.0.24+8-1ubuntu3~22.04"),
    ),
    "cvl-mon": (
        ("zabbix-server-pgsql", "1:5.0.45-1+focal"), ("postgresql-12", "12.20-0ubuntu0.20.04.1"), ("php7.4-fpm", "7.4.3-4ubuntu2.24"),
        ("nginx", "1.18.0-0ubuntu1.6"),
    ),
    "cvl-arch": (("httpd", "2.4.6-99.el7_9.1"), ("mariadb-server", "5.5.68-1.el7"), ("php", "5.4.16-48.el7"), ("python", "2.7.5-94.el7_9")),
    "cvl-open": (
        ("httpd", "2.4.37-65.module+el8.10.0+22196+d82931da.2"), ("nodejs", "20.17.0-1.module+el8.10.0+22284+c1e8c6e9"),
        ("postgresql-server", "13.16-1.module+el8.10.0+22216+6a0ff2b0"), ("python39", "3.9.20-1.module+el8.10.0+22342+478c159e"),
    ),
}  # fmt: skip


def dpkg(hostname: str, release: str) -> str:
    """Name, version, architecture and state, separated by tabs."""
    column = 1 + _RELEASES.index(release)
    listed = [(cells[0], cells[column]) for cells in map(str.split, _DPKG.strip().splitlines())]
    return "".join(
        f"{name}\t{version}\tamd64\tinstall ok installed\n" for name, version in sorted([*listed, *_OWN[hostname]])
    )


def rpm(hostname: str, release: str) -> str:
    """One name-version-release.architecture a line."""
    column = 1 if release == "rhel7" else 2
    listed = [(cells[0], cells[column]) for cells in map(str.split, _RPM.strip().splitlines())]
    return "".join(f"{name}-{version}.x86_64\n" for name, version in sorted([*listed, *_OWN[hostname]]))
