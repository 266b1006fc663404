# The catalog.

BeforeAll {
    $root = Split-Path -Path (Split-Path -Path $PSScriptRoot -Parent) -Parent
    Import-Module -Name ([System.IO.Path]::Combine($root, 'module', 'ExchangeControl', 'ExchangeControl.psd1')) -Force

    $ownFolder = [System.IO.Path]::Combine($TestDrive, 'own')
    $null = New-Item -ItemType Directory -Path $ownFolder -Force
    $ownControl = @'
{
  "id": "OWN-001", "title": "A control of our own", "description": "For the tests.", "verify": true, "subject": "Organization",
  "category": "Transport Security", "severity": "Low", "severityWeight": 2, "frameworks": ["2026-05-04T09:30:00", "Own"],
  "references": [], "remediation": { "automatable": false, "description": "None." }, "considerations": "None.",
  "check": { "target": "SendConnector", "require": { "field": "Enabled", "equals": true } }
}
'@
    [System.IO.File]::WriteAllText([System.IO.Path]::Combine($ownFolder, 'OWN-001.json'), $ownControl)

    $brokenFolder = [System.IO.Path]::Combine($TestDrive, 'broken')
    $null = New-Item -ItemType Directory -Path $brokenFolder -Force
    [System.IO.File]::WriteAllText([System.IO.Path]::Combine($brokenFolder, 'BROKEN-001.json'), '{ "id": "BROKEN-001", "check": ')
}

AfterAll {
    Remove-Module -Name 'ExchangeControl' -Force -ErrorAction SilentlyContinue
}

Describe 'Get-ExchangeControl' {
    It 'lists the built-in controls' {
        $controls = @(Get-ExchangeControl)
        $controls.Id | Should -Contain 'EDCA-TLS-011'
        $controls.Id | Should -Contain 'EDCA-TLS-025'
        $controls.Id | Should -Contain 'EX16-ED-000170'
    }
    It 'gives objects of its type with all of their properties' {
        $control = Get-ExchangeControl -Id 'EDCA-TLS-011'
        $control.PSObject.TypeNames[0] | Should -Be 'ExchangeControl.Control'
        $control.Title | Should -Not -BeNullOrEmpty
        $control.Severity | Should -Be 'High'
        $control.SeverityWeight | Should -Be 8
        $control.TargetKind | Should -Be 'SendConnector'
        $control.Source | Should -Be 'built-in'
        $control.Automatable | Should -BeTrue
        ($control.Frameworks -is [array]) | Should -BeTrue
        ($control.References -is [array]) | Should -BeTrue
        ($control.Warnings -is [array]) | Should -BeTrue
    }
    It 'says which controls ask the network' {
        $control = Get-ExchangeControl -Id 'EDCA-TLS-025'
        $control.TargetKind | Should -Be 'AcceptedDomain'
        $control.Probe | Should -Be 'mta-sts'
        $control.Automatable | Should -BeFalse
        (Get-ExchangeControl -Id 'EDCA-TLS-011').Probe | Should -BeNullOrEmpty
    }
    It 'selects by id: <Pattern>' -ForEach @(
        @{ Pattern = 'EDCA-TLS-011'; Expected = 'EDCA-TLS-011' }
        @{ Pattern = 'edca-tls-011'; Expected = 'EDCA-TLS-011' }
        @{ Pattern = 'EX16-*'; Expected = 'EX16-ED-000170' }
        @{ Pattern = 'EX16-ED-00017?'; Expected = 'EX16-ED-000170' }
    ) {
        @(Get-ExchangeControl $Pattern).Id | Should -Contain $Expected
    }
    It 'says which ids do not exist, and still gives the others' {
        $controls = @(Get-ExchangeControl -Id 'EDCA-TLS-011', 'NO-SUCH-1' -ErrorVariable failures -ErrorAction SilentlyContinue)
        $controls.Id | Should -Be 'EDCA-TLS-011'
        @($failures).Count | Should -Be 1
        $failures[0].FullyQualifiedErrorId | Should -Be 'ExchangeControl.unknown-control,Get-ExchangeControl'
        $failures[0].CategoryInfo.Category | Should -Be 'ObjectNotFound'
    }
    It 'adds the controls of a folder, with their texts as they are' {
        $control = Get-ExchangeControl -Id 'OWN-001' -ControlPath $ownFolder
        $control.Title | Should -Be 'A control of our own'
        $control.Source | Should -Not -Be 'built-in'
        $control.Frameworks[0] | Should -BeOfType [string]
        $control.Frameworks[0] | Should -Be '2026-05-04T09:30:00'
    }
    It 'takes folders relative to the current location' {
        Push-Location -LiteralPath $TestDrive
        try { (Get-ExchangeControl -Id 'OWN-001' -ControlPath 'own').Id | Should -Be 'OWN-001' }
        finally { Pop-Location }
    }
    It 'takes folders of other drives by their provider path' {
        (Get-ExchangeControl -Id 'OWN-001' -ControlPath 'TestDrive:/own').Id | Should -Be 'OWN-001'
    }
    It 'refuses a broken control file and lists the other controls' {
        $controls = @(Get-ExchangeControl -ControlPath $brokenFolder -ErrorVariable failures -ErrorAction SilentlyContinue)
        $controls.Id | Should -Contain 'EDCA-TLS-011'
        @($failures).Count | Should -Be 1
        $failures[0].FullyQualifiedErrorId | Should -Be 'ExchangeControl.invalid-control,Get-ExchangeControl'
        $failures[0].Exception.Message | Should -Match 'BROKEN-001\.json'
    }
    It 'stops at a folder that does not exist' {
        $folder = [System.IO.Path]::Combine($TestDrive, 'no-such-folder')
        { Get-ExchangeControl -ControlPath $folder } |
            Should -Throw -ErrorId 'ExchangeControl.ControlPathNotFound,Get-ExchangeControl'
    }
    It 'stops at a folder that is not in the file system' {
        { Get-ExchangeControl -ControlPath 'Env:/' } |
            Should -Throw -ErrorId 'ExchangeControl.ControlPathNotFileSystem,Get-ExchangeControl'
    }
    It 'has a table and a list view' {
        $table = Get-ExchangeControl -Id 'EDCA-TLS-011' | Format-Table | Out-String -Width 200
        $table | Should -Match 'Id\s+Severity\s+TargetKind\s+Source\s+Title'
        $list = Get-ExchangeControl -Id 'EDCA-TLS-011' | Format-List | Out-String -Width 200
        $list | Should -Match 'RemediationDescription\s*:'
    }
    It 'completes ids' {
        $completion = TabExpansion2 -inputScript 'Get-ExchangeControl -Id EDCA-TLS-0' -cursorColumn 34
        $completion.CompletionMatches.CompletionText | Should -Contain 'EDCA-TLS-011'
    }
}
