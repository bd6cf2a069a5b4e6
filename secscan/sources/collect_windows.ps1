# Writes what this Windows machine says of itself, for 'secscan import': system, programs, listening ports, protection.
#
#   powershell -NoProfile -ExecutionPolicy Bypass -File collect.ps1 [-Out FILE]
#
# It reads only, sends nothing and needs no module. Without administrator's rights some answers stay null (not known).
# Windows PowerShell 5.1 and PowerShell 7. Win32_Product is not asked: it would check and repair every package.

param([string] $Out)

Set-StrictMode -Version 2
$ErrorActionPreference = 'Stop'
if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
    Write-Error 'This machine allows only signed scripts their full language: sign this one, or export the Uninstall keys with reg.exe.'
}

$schema = 'secscan.collect/1'
$today = (Get-Date).ToString('yyyy-MM-dd', [Globalization.CultureInfo]::InvariantCulture)
$warnings = [System.Collections.Generic.List[object]]::new()

# The one value that $Read answers; $null and a warning where it cannot be read.
function Try-Read([string] $What, [scriptblock] $Read) {
    $answer = $null
    try { $answer = & $Read } catch { $warnings.Add("${What}: not readable here ($($_.Exception.GetType().Name))") }
    if ($null -eq $answer) { return $null }  # 5.1 would write "no answer" as an empty object
    return $answer
}

# Text without control characters; $null where there is none.
function Get-Text($Value) {
    $text = ([string] $Value -replace '[\x00-\x1f]', ' ').Trim()
    if ($text) { return $text }
    return $null
}

function Get-RegistryValue([string] $Path, [string] $Name) {
    $view = [Microsoft.Win32.RegistryView]::Default
    if ([Environment]::Is64BitOperatingSystem) { $view = [Microsoft.Win32.RegistryView]::Registry64 }
    $key = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', $view).OpenSubKey($Path)
    if ($key) { $key.GetValue($Name) }
}

# Programs by the Uninstall keys of one view of one hive; updates and parts of other programs are left out.
function Get-Program([string] $Hive, [string] $View) {
    $root = [Microsoft.Win32.RegistryKey]::OpenBaseKey($Hive, $View)
    $list = $root.OpenSubKey('SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall')
    if (-not $list) { return }
    foreach ($name in $list.GetSubKeyNames()) {
        $key = $list.OpenSubKey($name)
        if (-not $key) { continue }
        $title = Get-Text $key.GetValue('DisplayName')
        $release = [string] $key.GetValue('ReleaseType')
        if (-not $title -or $key.GetValue('ParentKeyName') -or $release -match 'Update|Hotfix|Service Pack') { continue }
        $day = [string] $key.GetValue('InstallDate')
        if ($day -match '^(\d{4})(\d{2})(\d{2})$') { $day = "$($Matches[1])-$($Matches[2])-$($Matches[3])" } else { $day = $null }
        [ordered] @{
            name = $title
            version = Get-Text $key.GetValue('DisplayVersion')
            publisher = Get-Text $key.GetValue('Publisher')
            install_date = $day
            kind = 'arp'
        }
    }
}

# Ports that others could try: no loopback. Of UDP those below the range from which Windows takes ports to send from.
function Get-Listener {
    $found = [System.Collections.Generic.List[object]]::new()
    if (Get-Command Get-NetTCPConnection -ErrorAction SilentlyContinue) {
        Get-NetTCPConnection -State Listen | ForEach-Object { $found.Add(@('tcp', $_.LocalAddress, [int] $_.LocalPort)) }
        Get-NetUDPEndpoint | ForEach-Object { $found.Add(@('udp', $_.LocalAddress, [int] $_.LocalPort)) }
    } else {
        $sockets = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
        $sockets.GetActiveTcpListeners() | ForEach-Object { $found.Add(@('tcp', [string] $_.Address, $_.Port)) }
        $sockets.GetActiveUdpListeners() | ForEach-Object { $found.Add(@('udp', [string] $_.Address, $_.Port)) }
    }
    $found | Where-Object { $_[1] -notmatch '^(127\.|::1$)' -and ($_[0] -eq 'tcp' -or $_[2] -lt 49152) } |
        ForEach-Object { "$($_[0]) $($_[2])" } | Sort-Object -Unique | ForEach-Object {
            $proto, $port = $_ -split ' '
            [ordered] @{ proto = $proto; port = [int] $port; service = $null; product = $null; version = $null }
        }
}

# Yes where one product runs and is up to date, no where all are off or out of date. Servers list none: there Defender alone says.
function Get-Protection {
    $defender = Get-CimInstance -Namespace 'root/Microsoft/Windows/Defender' -ClassName MSFT_MpComputerStatus -ErrorAction SilentlyContinue
    $others = @(Get-CimInstance -Namespace 'root/SecurityCenter2' -ClassName AntiVirusProduct -ErrorAction SilentlyContinue)
    $active = $null
    $definitions = $null
    if ($others.Count) {
        # productState: 0x1000 is on, 0x10 is out of date
        $active = @($others | Where-Object { ($_.productState -band 0x1000) -and -not ($_.productState -band 0x10) }).Count -gt 0
    } elseif ($defender) {
        $active = [bool] $defender.AntivirusEnabled -and [bool] $defender.RealTimeProtectionEnabled
    }
    if ($defender -and $defender.AntivirusEnabled -and $defender.AntivirusSignatureLastUpdated) {
        $definitions = $defender.AntivirusSignatureLastUpdated.ToString('yyyy-MM-dd', [Globalization.CultureInfo]::InvariantCulture)
    }
    @{ active = $active; definitions = $definitions }
}

# Yes where BitLocker protects every fixed disk, no where one is not; the shell answers without rights.
function Get-Encryption {
    $shell = New-Object -ComObject Shell.Application
    $states = @(Get-CimInstance -ClassName Win32_LogicalDisk -Filter 'DriveType=3' | ForEach-Object {
        $shell.NameSpace($_.DeviceID).Self.ExtendedProperty('System.Volume.BitLockerProtection')
    })
    if ($states -contains 2) { return $false }
    if ($states.Count -and @($states | Where-Object { $_ -ne 1 }).Count -eq 0) { return $true }
}

# Yes where updates install by themselves, no where they are off or wait for somebody.
function Get-AutoUpdate {
    switch ((New-Object -ComObject Microsoft.Update.AutoUpdate).Settings.NotificationLevel) {
        4 { $true }
        { $_ -in 1, 2, 3 } { $false }
    }
}

function Get-RestartPending {
    $servicing = 'SOFTWARE\Microsoft\Windows\CurrentVersion\Component Based Servicing\RebootPending'
    $key = [Microsoft.Win32.RegistryKey]::OpenBaseKey('LocalMachine', 'Default').OpenSubKey($servicing)
    [bool] $key -or [bool] (New-Object -ComObject Microsoft.Update.SystemInfo).RebootRequired
}

# By the case, as SMBIOS numbers it, and whether Windows is a server.
function Get-Kind($System) {
    if ($System.ProductType -ne 1) { return 'server' }
    $case = @(Get-CimInstance -ClassName Win32_SystemEnclosure | ForEach-Object { $_.ChassisTypes })
    if ($case | Where-Object { $_ -in 8, 9, 10, 14, 31, 32 }) { return 'laptop' }
    if ($case | Where-Object { $_ -in 11, 30 }) { return 'tablet' }
    if ($case | Where-Object { $_ -in 3, 4, 5, 6, 7, 13, 15, 16, 24, 35, 36 }) { return 'desktop' }
}

# A stable name of the machine that cannot be turned back into its own id.
function Get-MachineId {
    $guid = Get-RegistryValue 'SOFTWARE\Microsoft\Cryptography' 'MachineGuid'
    if (-not $guid) { return }
    $bytes = [Text.Encoding]::UTF8.GetBytes($schema + [char] 0 + $guid)
    $hash = [Security.Cryptography.SHA256]::Create().ComputeHash($bytes)
    (-join ($hash | ForEach-Object { $_.ToString('x2') })).Substring(0, 32)
}

$system = Get-CimInstance -ClassName Win32_OperatingSystem
$net = [System.Net.NetworkInformation.IPGlobalProperties]::GetIPGlobalProperties()
$cards = [System.Collections.Generic.List[object]]::new()
$ips = [System.Collections.Generic.List[object]]::new()
[void] (Try-Read 'network cards' {
    Get-CimInstance -ClassName Win32_NetworkAdapterConfiguration -Filter 'IPEnabled=TRUE' |
        Where-Object { $_.DefaultIPGateway -or $_.Description -notmatch 'VMware Virtual|VirtualBox Host-Only|Hyper-V Virtual' } |
        Sort-Object { -not $_.DefaultIPGateway } | ForEach-Object { $cards.Add($_) }
    $cards | ForEach-Object { $_.IPAddress } | Where-Object { $_ -and $_ -notmatch '^(fe80:|169\.254\.|127\.|::1$)' } |
        ForEach-Object { $ips.Add([string] $_) }
})
$build = $system.Version
$revision = Try-Read 'revision' { Get-RegistryValue 'SOFTWARE\Microsoft\Windows NT\CurrentVersion' 'UBR' }
if ($null -ne $revision) { $build = "$build.$revision" }
$caption = Get-Text $system.Caption
if ($system.ServicePackMajorVersion) { $caption = "$caption Service Pack $($system.ServicePackMajorVersion)" }
$fqdn = $null
if ($net.DomainName) { $fqdn = "$($net.HostName).$($net.DomainName)" }
$protection = Try-Read 'protection' { Get-Protection }
if (-not $protection) { $protection = @{ active = $null; definitions = $null } }

$views = @(, @('LocalMachine', 'Default'))
if ([Environment]::Is64BitOperatingSystem) { $views = @(@('LocalMachine', 'Registry64'), @('LocalMachine', 'Registry32')) }
$views += , @('CurrentUser', 'Default')
# All views or none: half a list would look as if the rest were not installed.
$software = [System.Collections.Generic.List[object]]::new()
$whole = Try-Read 'programs' {
    foreach ($view in $views) { Get-Program $view[0] $view[1] | ForEach-Object { $software.Add($_) } }
    $true
}
if (-not $whole) { $software = $null }
$services = [System.Collections.Generic.List[object]]::new()
$whole = Try-Read 'listening ports' {
    Get-Listener | ForEach-Object { $services.Add($_) }
    $true
}
if (-not $whole) { $services = $null }

$found = [ordered] @{
    schema = $schema
    collected_on = $today
    asset = [ordered] @{
        asset_tag = $net.HostName
        hostname = $net.HostName
        fqdn = $fqdn
        ip = $ips
        mac = Get-Text ($cards | Select-Object -First 1 | ForEach-Object { $_.MACAddress })
        serial = Try-Read 'serial number' { Get-Text (Get-CimInstance -ClassName Win32_BIOS).SerialNumber }
        type = Try-Read 'type' { Get-Kind $system }
        os = $caption
        os_version = $build
        auto_update = Try-Read 'automatic updates' { Get-AutoUpdate }
        restart_pending = Try-Read 'pending restart' { Get-RestartPending }
        protection_active = $protection.active
        definitions_on = $protection.definitions
        encrypted = Try-Read 'encryption' { Get-Encryption }
        last_seen = $today
    }
    machine = [ordered] @{ kernel = $system.Version; id = Try-Read 'machine id' { Get-MachineId } }
    software = $software
    services = $services
    warnings = $warnings
}

if (-not $Out) { $Out = "$($net.HostName).json" }
$path = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Out)
$json = ConvertTo-Json -InputObject $found -Depth 5
[System.IO.File]::WriteAllText($path, $json + "`n", (New-Object System.Text.UTF8Encoding $false))
Write-Output "$path : next, where secscan is: secscan import $([System.IO.Path]::GetFileName($path)) --council ID"
