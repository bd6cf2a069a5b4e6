"""The servers of the sample, one a line: who they are, what runs on them and when they are rebuilt.

``2012r2>2022@9`` is rebuilt on Server 2022 in the ninth month. Ports are those that listen, all tcp.
"""

from __future__ import annotations

from typing import Final

ALDERBECK: Final = """
01 | SRV-DC01    | 2019            | servers | Sign-in and directory     | Head of ICT                    | critical | directory            | 53 88 135 389 445 636 3389
02 | SRV-DC02    | 2022            | servers | Sign-in and directory     | Head of ICT                    | critical | directory            | 53 88 135 389 445 636 3389
03 | SRV-FILE01  | 2016            | servers | Shared files              | Head of ICT                    | high     |                      | 135 445 3389
04 | SRV-FILE02  | 2022            | servers | Shared files              | Head of ICT                    | high     |                      | 135 445 3389
05 | SRV-PRINT01 | 2016>2022@8     | servers | Printing                  | ICT Service Desk Manager       | medium   | papercut             | 135 445 3389 9191
06 | SRV-WSUS01  | 2019            | servers | Device management         | ICT Operations Manager         | high     | iis                  | 135 445 3389 8530
07 | SRV-MECM01  | 2019            | servers | Device management         | ICT Operations Manager         | high     | sql2019 mecm iis     | 135 443 445 1433 3389
08 | SRV-MON01   | ubuntu2204      | servers | Device management         | ICT Operations Manager         | medium   | zabbix60 mysql80     | 22 443
09 | SRV-INTRA01 | 2019            | servers | Staff intranet            | Communications Manager         | medium   | sharepoint2019 iis   | 135 443 445 3389
10 | SRV-EXCH01  | 2019            | servers | Email relay               | Head of ICT                    | high     | exchange2019         | 25 135 443 445 3389
11 | SRV-SQL01   | 2019            | servers | Licensing and food safety | Database Manager               | high     | sql2016 ssms         | 135 445 1433 3389
12 | SRV-SQL02   | 2022            | servers | Finance ledger            | Database Manager               | critical | sql2019 ssms         | 135 445 1433 3389
13 | SRV-SQL03   | 2016            | servers | Housing rents             | Database Manager               | high     | sql2017 ssms         | 135 445 1433 3389
14 | SRV-REV01   | 2012r2          | legacy  | Council tax and benefits  | Revenues Manager               | critical | revlite java8old iis | 135 443 445 3389
15 | SRV-REV02   | 2012r2>2022@9   | servers | Council tax and benefits  | Revenues Manager               | critical | revlite              | 135 443 445 3389
16 | SRV-PLAN01  | 2012r2          | legacy  | Planning applications     | Head of Planning               | high     | plantrack iis        | 135 443 445 3389
17 | SRV-PLAN02  | 2012r2          | legacy  | Planning applications     | Head of Planning               | high     | sql2014 ssms         | 135 445 1433 3389
18 | SRV-GIS01   | 2016            | servers | Maps and addresses        | Head of Planning               | medium   | tomcat9 temurin17    | 135 445 3389 8080
19 | SRV-HR01    | 2012r2>2019@3   | servers | Staff records             | Head of People                 | high     | staffbook            | 135 443 445 3389
20 | SRV-PAY01   | 2012r2>2022@11  | servers | Payroll                   | Payroll Manager                | critical | wageline java8old    | 135 443 445 3389
21 | SRV-FIN01   | 2019            | servers | Finance ledger            | Head of Finance                | critical | ledgerline iis       | 135 443 445 3389
22 | SRV-FIN02   | 2016            | servers | Finance ledger            | Head of Finance                | high     | ledgerline crystal   | 135 443 445 3389
23 | SRV-HOUS01  | 2012r2          | servers | Housing rents             | Housing Systems Manager        | high     | hearth               | 135 443 445 3389
24 | SRV-HOUS02  | 2012r2>2022@6   | servers | Housing rents             | Housing Systems Manager        | high     | hearth               | 135 443 445 3389
25 | SRV-ELEC01  | 2016            | servers | Electoral register        | Electoral Services Manager     | critical | ballotbox            | 135 445 3389
26 | SRV-CEM01   | 2008r2          | legacy  | Burial records            | Bereavement Services Manager   | medium   | gravestone           | 135 445 3389 8081
27 | SRV-ENV01   | 2012r2>2019@4   | servers | Food safety inspections   | Environmental Health Manager   | medium   | foodsafe             | 135 443 445 3389
28 | SRV-LIC01   | 2012r2>2022@7   | servers | Taxi and premises licences| Licensing Manager              | medium   | premise              | 135 443 445 3389
29 | SRV-DMS01   | 2016            | servers | Document store            | Information Manager            | high     | dochoard sql2017     | 135 443 445 1433 3389
30 | SRV-WEBDB01 | 2019            | servers | Online forms              | Digital Services Manager       | high     | sql2019              | 135 445 1433 3389
31 | SRV-APP01   | 2022            | servers | Online forms              | Digital Services Manager       | high     | dotnet8 iis          | 135 443 445 3389
32 | SRV-APP02   | 2022            | servers | Waste collections         | Waste Services Manager         | medium   | dotnet8 iis          | 135 443 445 3389
33 | SRV-RDS01   | 2019            | servers | Remote working            | ICT Operations Manager         | high     | office2021           | 135 445 3389
34 | SRV-RDS02   | 2019            | servers | Remote working            | ICT Operations Manager         | high     | office2021           | 135 445 3389
35 | SRV-CERT01  | 2016            | servers | Sign-in and directory     | Head of ICT                    | high     |                      | 135 445 3389
36 | SRV-RAD01   | 2019            | servers | Wireless sign-in          | Network Manager                | medium   |                      | 135 445 3389
37 | SRV-PHONE01 | ubuntu2004      | servers | Telephony                 | Network Manager                | high     | php74                | 22 443 5060
38 | SRV-DOOR01  | 2012r2>2019@10  | servers | Door access               | Facilities Manager             | medium   | doorwarden           | 135 445 3389 8443
39 | SRV-SCAN01  | 2019            | servers | Post scanning             | Information Manager            | low      | dochoard             | 135 445 3389
40 | SRV-TEST01  | 2025            | servers | Testing                   | ICT Operations Manager         | low      | dotnet8 node20       | 135 443 445 3389
41 | WEB-PUB01   | ubuntu2204      | dmz     | Council website           | Digital Services Manager       | high     | nginx php81          | 22 80 443
42 | WEB-PUB02   | ubuntu2204      | dmz     | Council website           | Digital Services Manager       | high     | nginx php81          | 22 80 443
43 | WEB-FORMS01 | 2019            | dmz     | Online forms              | Digital Services Manager       | high     | tomcat9 temurin17    | 135 443 445 3389
44 | WEB-PAY01   | 2022            | dmz     | Online payments           | Income Manager                 | critical | iis dotnet8          | 135 443 445 3389
45 | WEB-MAPS01  | debian12        | dmz     | Maps and addresses        | Digital Services Manager       | medium   | nginx postgresql14   | 22 443
46 | SRV-BOOK01  | 2016            | servers | Leisure bookings          | Leisure Contract Manager       | medium   | sql2016 ssms         | 135 443 445 1433 3389
"""

BRACKENFORD: Final = """
01 | SRV-DC01    | 2016            | servers | Sign-in and directory     | Head of Digital and ICT        | critical | directory            | 53 88 135 389 445 636 3389
02 | SRV-DC02    | 2019            | servers | Sign-in and directory     | Head of Digital and ICT        | critical | directory            | 53 88 135 389 445 636 3389
03 | SRV-FILE01  | 2012r2>2022@8   | servers | Shared files              | Head of Digital and ICT        | high     |                      | 135 445 3389
04 | SRV-PRINT01 | 2016            | servers | Printing                  | ICT Support Manager            | medium   | papercut             | 135 445 3389 9191
05 | SRV-SQL01   | 2016            | servers | Council tax and benefits  | Database Manager               | critical | sql2014 ssms         | 135 445 1433 3389
06 | SRV-SQL02   | 2019            | servers | Finance ledger            | Database Manager               | critical | sql2017 ssms         | 135 445 1433 3389
07 | SRV-REV01   | 2016            | servers | Council tax and benefits  | Revenues and Benefits Manager  | critical | revlite iis          | 135 443 445 3389
08 | SRV-BENE01  | 2012r2          | legacy  | Benefits archive          | Revenues and Benefits Manager  | high     | revlite java8old     | 135 443 445 3389
09 | SRV-REG01   | 2008r2          | legacy  | Births and deaths archive | Registration Services Manager  | medium   | gravestone           | 135 445 3389 8081
10 | SRV-PLAN01  | 2012r2>2019@10  | servers | Planning applications     | Development Manager            | high     | plantrack            | 135 443 445 3389
11 | SRV-HOUS01  | 2012r2          | servers | Housing repairs           | Housing Repairs Manager        | high     | hearth               | 135 443 445 3389
12 | SRV-FIN01   | 2019            | servers | Finance ledger            | Section 151 Officer            | critical | ledgerline           | 135 443 445 3389
13 | SRV-HR01    | 2016            | servers | Staff records             | Head of People                 | high     | staffbook            | 135 443 445 3389
14 | SRV-ELEC01  | 2012r2>2022@5   | servers | Electoral register        | Electoral Services Manager     | critical | ballotbox            | 135 445 3389
15 | SRV-LIC01   | 2012r2          | servers | Taxi and premises licences| Licensing Manager              | medium   | premise              | 135 443 445 3389
16 | SRV-DMS01   | 2012r2>2019@11  | servers | Document store            | Information Manager            | high     | dochoard             | 135 443 445 3389
17 | SRV-GIS01   | 2019            | servers | Maps and addresses        | Development Manager            | medium   | tomcat9 temurin11    | 135 445 3389 8080
18 | SRV-WSUS01  | 2019            | servers | Device management         | ICT Support Manager            | high     | iis                  | 135 445 3389 8530
19 | SRV-RDS01   | 2016            | servers | Remote working            | ICT Support Manager            | high     | office2019           | 135 445 3389
20 | SRV-RDS02   | 2016            | servers | Remote working            | ICT Support Manager            | high     | office2019           | 135 445 3389
21 | SRV-APP01   | 2019            | servers | Waste collections         | Street Services Manager        | medium   | dotnet8 iis          | 135 443 445 3389
22 | SRV-APP02   | 2022            | servers | Customer contact          | Customer Services Manager      | high     | dotnet8 node20       | 135 443 445 3389
23 | SRV-BUILD01 | debian11        | servers | Maps and addresses        | Development Manager            | low      | postgresql13         | 22 5432
24 | SRV-MUSE01  | 2012r2          | servers | Museum collection         | Culture Manager                | low      | relicbook            | 135 445 3389
25 | SRV-CERT01  | 2016            | servers | Sign-in and directory     | Head of Digital and ICT        | high     |                      | 135 445 3389
26 | SRV-TEST01  | 2022            | servers | Testing                   | ICT Support Manager            | low      | dotnet6              | 135 443 445 3389
27 | WEB-PUB01   | debian12        | dmz     | Council website           | Customer Services Manager      | high     | nginx php82          | 22 80 443
28 | WEB-FORMS01 | 2016            | dmz     | Online forms              | Customer Services Manager      | high     | iis dotnet6          | 135 443 445 3389
29 | WEB-PAY01   | 2019            | dmz     | Online payments           | Section 151 Officer            | critical | iis                  | 135 443 445 3389
30 | SRV-PHONE01 | ubuntu2204      | servers | Telephony                 | ICT Support Manager            | high     | php81                | 22 443 5060
"""

CORVALE: Final = """
01 | CVS-DC1     | 2016            | servers | Sign-in and directory     | ICT Manager                    | critical | directory            | 53 88 135 389 445 636 3389
02 | CVS-DC2     | 2016            | servers | Sign-in and directory     | ICT Manager                    | critical | directory            | 53 88 135 389 445 636 3389
03 | SRV-FILE01  | 2012r2          | servers | Shared files              | ICT Manager                    | high     |                      | 135 445 3389
04 | CVS-REV1    | 2012r2          | legacy  | Council tax and benefits  | Revenues Team Leader           | critical | revlite java8old     | 135 443 445 3389
05 | CVS-FIN1    | 2016            | servers | Finance ledger            | Finance Manager                | critical | ledgerline sql2016   | 135 443 445 1433 3389
06 | CVS-PLAN1   | 2012r2          | servers | Planning applications     | Planning Manager               | high     | plantrack            | 135 443 445 3389
07 | CVS-ELEC1   | 2019            | servers | Electoral register        | Democratic Services Manager    | critical | ballotbox            | 135 445 3389
08 | CVS-HOUS1   | 2012r2>2019@4   | servers | Homelessness cases        | Housing Options Manager        | high     | hearth               | 135 443 445 3389
09 | CVS-PRINT1  | 2012r2          | servers | Printing                  | ICT Manager                    | low      | papercut             | 135 445 3389 9191
10 | CVS-APP1    | 2019            | servers | Customer contact          | Customer Services Manager      | medium   | dotnet8 iis          | 135 443 445 3389
11 | CVS-RDS1    | 2016            | servers | Remote working            | ICT Manager                    | high     | office2016           | 135 445 3389
12 | CVS-DMS1    | 2016            | servers | Document store            | ICT Manager                    | high     | dochoard sql2017     | 135 443 445 1433 3389
13 | CVS-CEM1    | 2012r2          | legacy  | Burial records            | Parks and Cemeteries Manager   | medium   | gravestone           | 135 445 3389 8081
14 | CVS-TEST1   | 2022            | servers | Testing                   | ICT Manager                    | low      |                      | 135 445 3389
15 | cvl-web1    | debian12        | dmz     | Council website           | Customer Services Manager      | high     | lists                | 22 80 443
16 | cvl-web2    | debian11        | dmz     | Council website           | Customer Services Manager      | high     | lists                | 22 80 443
17 | cvl-maps    | ubuntu2204      | dmz     | Maps and addresses        | Planning Manager               | medium   | lists                | 22 443
18 | cvl-mon     | ubuntu2004      | servers | Device management         | ICT Manager                    | low      | lists                | 22 443
19 | cvl-arch    | rhel7           | servers | Minutes and agendas       | Democratic Services Manager    | medium   | lists                | 22 443
20 | cvl-open    | rhel8           | dmz     | Open data                 | Customer Services Manager      | low      | lists                | 22 443
"""

THREEWAYS: Final = """
01 | TW-HV01     | esxi7>esxi8@6   | management | Shared hosting         | Shared Infrastructure Manager  | critical |                      | 22 443 902
02 | TW-HV02     | esxi7>esxi8@6   | management | Shared hosting         | Shared Infrastructure Manager  | critical |                      | 22 443 902
03 | TW-HV03     | esxi7>esxi8@7   | management | Shared hosting         | Shared Infrastructure Manager  | critical |                      | 22 443 902
04 | TW-HV04     | esxi7>esxi8@7   | management | Shared hosting         | Shared Infrastructure Manager  | critical |                      | 22 443 902
05 | TW-HV05     | esxi8           | management | Shared hosting         | Shared Infrastructure Manager  | critical |                      | 22 443 902
06 | TW-HV06     | esxi8           | management | Shared hosting         | Shared Infrastructure Manager  | critical |                      | 22 443 902
07 | TW-HV07     | esxi7           | management | Shared hosting         | Shared Infrastructure Manager  | high     |                      | 22 443 902
08 | TW-VC01     | 2019            | management | Shared hosting         | Shared Infrastructure Manager  | critical | vcenter8             | 135 443 445 3389
09 | TW-BK01     | 2019            | backup     | Shared backup          | Shared Infrastructure Manager  | critical | veeam12              | 135 445 3389 9392
10 | TW-BK02     | 2019            | backup     | Shared backup          | Shared Infrastructure Manager  | critical | veeam12              | 135 445 3389 9392
11 | TW-BK03     | ubuntu2204      | backup     | Shared backup          | Shared Infrastructure Manager  | critical |                      | 22 6162
12 | TW-SQL01    | 2019            | shared-servers | Shared databases   | Shared Database Manager        | critical | sql2016 ssms         | 135 445 1433 3389
13 | TW-SQL02    | 2019            | shared-servers | Shared databases   | Shared Database Manager        | critical | sql2019 ssms         | 135 445 1433 3389
14 | TW-SQL03    | 2022            | shared-servers | Shared databases   | Shared Database Manager        | critical | sql2022 ssms         | 135 445 1433 3389
15 | TW-SQL04    | 2012r2          | shared-servers | Shared databases   | Shared Database Manager        | high     | sql2014              | 135 445 1433 3389
16 | TW-PG01     | debian12        | shared-servers | Shared databases   | Shared Database Manager        | high     | postgresql14         | 22 5432
17 | TW-DC01     | 2022            | shared-servers | Shared sign-in     | Shared Infrastructure Manager  | critical | directory            | 53 88 135 389 445 636 3389
18 | TW-DC02     | 2022            | shared-servers | Shared sign-in     | Shared Infrastructure Manager  | critical | directory            | 53 88 135 389 445 636 3389
19 | TW-MON01    | ubuntu2204      | management | Shared monitoring      | Shared Service Desk Manager    | high     | zabbix60 mysql80     | 22 443
20 | TW-LOG01    | rhel8           | management | Shared monitoring      | Shared Security Manager        | high     |                      | 22 443 6514
21 | TW-JUMP01   | 2022            | management | Administration         | Shared Security Manager        | critical | ssms                 | 135 445 3389
22 | TW-JUMP02   | 2022            | management | Administration         | Shared Security Manager        | critical | ssms                 | 135 445 3389
23 | TW-PROXY01  | ubuntu2204      | shared-servers | Web filtering      | Shared Network Manager         | high     | nginx                | 22 3128
24 | TW-DESK01   | 2019            | shared-servers | Service desk       | Shared Service Desk Manager    | medium   | node20 mysql80       | 135 443 445 3389
"""
