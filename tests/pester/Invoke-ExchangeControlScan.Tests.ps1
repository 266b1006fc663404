# The scan script, end to end, each time in a PowerShell of its own with stand-ins for the Exchange commands.

BeforeAll {
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'ScanShell.psm1') -Force
    $connectorControls = '-ControlId EDCA-TLS-011,EX16-ED-000170'

    function New-ScanFolder {
        $folder = [System.IO.Path]::Combine($TestDrive, 'scan ' + [guid]::NewGuid().ToString('N'))
        $null = [System.IO.Directory]::CreateDirectory($folder)
        $folder
    }

    function Get-FileName {
        param([string] $Folder)
        [System.IO.Directory]::GetFiles($Folder) | ForEach-Object { [System.IO.Path]::GetFileName($_) } | Sort-Object
    }

    function Get-ScanLog {
        param([string] $Folder)
        [System.IO.File]::ReadAllLines([System.IO.Path]::Combine($Folder, 'ExchangeControl.log'))
    }

    function New-File {
        param([string] $Folder, [string[]] $Name)
        foreach ($item in $Name) { [System.IO.File]::WriteAllText([System.IO.Path]::Combine($Folder, $item), 'earlier') }
    }

    # A folder with a control that all connectors pass.
    function New-PassingControl {
        $folder = [System.IO.Path]::Combine($TestDrive, 'controls')
        $null = [System.IO.Directory]::CreateDirectory($folder)
        $control = @'
{
  "id": "OWN-001", "title": "A connector has a name", "description": "For the tests.", "verify": true, "subject": "Organization",
  "category": "Transport Security", "severity": "Low", "severityWeight": 2, "frameworks": ["Own"],
  "references": [], "remediation": { "automatable": false, "description": "None." }, "considerations": "None.",
  "check": { "target": "SendConnector", "require": { "field": "Name", "exists": true } }
}
'@
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($folder, 'OWN-001.json'), $control)
        $folder
    }
}

AfterAll {
    Remove-Module -Name 'ScanShell' -Force -ErrorAction SilentlyContinue
}

Describe 'A scan' {
    It 'writes html and json, with the time in their names, and a log' {
        $folder = New-ScanFolder
        $scan = Invoke-Scan "-OutputFolder `"$folder`" $connectorControls"
        $scan.ErrorText | Should -BeNullOrEmpty
        $scan.ExitCode | Should -Be 1
        $names = @(Get-FileName $folder)
        @($names | Where-Object { $_ -match '^ExchangeControl-\d{4}-\d{2}-\d{2}T\d{6}Z\.html$' }).Count | Should -Be 1
        @($names | Where-Object { $_ -match '^ExchangeControl-\d{4}-\d{2}-\d{2}T\d{6}Z\.json$' }).Count | Should -Be 1
        $names | Should -Contain 'ExchangeControl.log'
        @($names | Where-Object { $_ -like '*.tmp' }).Count | Should -Be 0
    }
    It 'writes the formats that are named, as one text with commas' {
        $folder = New-ScanFolder
        $scan = Invoke-Scan "-OutputFolder `"$folder`" -Format `"table,JSON`" $connectorControls"
        $scan.ExitCode | Should -Be 1
        @(Get-FileName $folder | Where-Object { $_ -like '*.txt' }).Count | Should -Be 1
        @(Get-FileName $folder | Where-Object { $_ -like '*.json' }).Count | Should -Be 1
        $file = @([System.IO.Directory]::GetFiles($folder, '*.json'))[0]
        $document = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($file))
        @($document.results).Count | Should -Be 18
        $document.summary.counts.Fail | Should -BeGreaterThan 0
    }
    It 'logs one line an event, with the time in UTC' {
        $folder = New-ScanFolder
        $null = Invoke-Scan "-OutputFolder `"$folder`" -Format table $connectorControls"
        $lines = @(Get-ScanLog $folder)
        foreach ($line in $lines) { $line | Should -Match '^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z (INFO|WARN|ERROR) ' }
        $lines[0] | Should -Match 'started as'
        $lines -join "`n" | Should -Match '18 results: .*\d+ Fail'
        $lines -join "`n" | Should -Match 'wrote .*\.txt'
        $lines[-1] | Should -Match 'done, exit code 1$'
    }
    It 'puts a long log aside' {
        $folder = New-ScanFolder
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($folder, 'ExchangeControl.log'), ('x' * 1100000))
        $null = Invoke-Scan "-OutputFolder `"$folder`" -Format table $connectorControls"
        Get-FileName $folder | Should -Contain 'ExchangeControl.log.1'
        @(Get-ScanLog $folder)[0] | Should -Match 'started as'
    }
    It 'compares with the newest earlier report' {
        $folder = New-ScanFolder
        $null = Invoke-Scan "-OutputFolder `"$folder`" -Format json $connectorControls -Baseline Latest"
        @(Get-ScanLog $folder) -join "`n" | Should -Match 'no earlier report to compare with yet'
        $first = @(Get-FileName $folder | Where-Object { $_ -like '*.json' })[0]
        $null = Invoke-Scan "-OutputFolder `"$folder`" -Format json $connectorControls -Baseline Latest"
        @(Get-ScanLog $folder) -join "`n" | Should -Match ('compares with .*' + [regex]::Escape($first))
        $second = @([System.IO.Directory]::GetFiles($folder, '*.json') | Sort-Object)[-1]
        $document = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($second))
        @($document.results | ForEach-Object { $_.change }) | Should -Contain 'stillFailing'
        $document.summary.comparison.stillFailing | Should -BeGreaterThan 0
    }
}

Describe 'The exit code' {
    It 'is 0 where nothing failed' {
        $folder = New-ScanFolder
        $controls = New-PassingControl
        (Invoke-Scan "-OutputFolder `"$folder`" -Format table -ControlId OWN-001 -ControlPath `"$controls`"").ExitCode | Should -Be 0
    }
    It 'is 0 where all that failed is an accepted risk' {
        $folder = New-ScanFolder
        $risks = [System.IO.Path]::Combine($TestDrive, 'risks.json')
        [System.IO.File]::WriteAllText($risks, '{"exceptions":[{"control":"EDCA-TLS-011","target":"*","justification":"x","owner":"x","expires":"2099-12-31"}]}')
        (Invoke-Scan "-OutputFolder `"$folder`" -Format json -ControlId EDCA-TLS-011 -Exception `"$risks`"").ExitCode | Should -Be 0
        $document = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText(@([System.IO.Directory]::GetFiles($folder, '*.json'))[0]))
        $document.summary.counts.Fail | Should -Be 1
        @($document.results | Where-Object { $_.status -eq 'Fail' })[0].exception.owner | Should -Be 'x'
    }
    It 'is 1 where a control failed' {
        $folder = New-ScanFolder
        (Invoke-Scan "-OutputFolder `"$folder`" -Format table $connectorControls").ExitCode | Should -Be 1
    }
    It 'is 2 where something is Unknown' {
        $folder = New-ScanFolder
        (Invoke-Scan "-OutputFolder `"$folder`" -Format table -ControlId EDCA-TLS-025 -Offline").ExitCode | Should -Be 2
    }
    It 'is 2 where a control was refused' {
        $folder = New-ScanFolder
        $controls = New-PassingControl
        $scan = Invoke-Scan "-OutputFolder `"$folder`" -Format table -ControlId OWN-001,NO-SUCH-1 -ControlPath `"$controls`""
        $scan.ExitCode | Should -Be 2
        @(Get-ScanLog $folder) -join "`n" | Should -Match 'WARN .*NO-SUCH-1'
    }
    It 'is 3, with the error in the log and on standard error: <Name>' -ForEach @(
        @{ Name = 'a parameter that is none'; Arguments = '-Bogus 1'; Exchange = 'full'; Expected = 'no parameter for .-Bogus' }
        @{ Name = 'a list with blanks'; Arguments = '-Format table, json'; Exchange = 'full'; Expected = 'no parameter for .json' }
        @{ Name = 'nothing to keep'; Arguments = '-Keep 0'; Exchange = 'full'; Expected = '-Keep is at least 1' }
        @{ Name = 'a number that is none'; Arguments = '-Keep many'; Exchange = 'full'; Expected = 'many' }
        @{ Name = 'a format that is none'; Arguments = '-Format pdf'; Exchange = 'full'; Expected = "no 'pdf'" }
        @{ Name = 'no document to compare with'; Arguments = '-Format table -Baseline Latest'; Exchange = 'full'; Expected = 'add json' }
        @{ Name = 'no control'; Arguments = '-Format table -ControlId NO-SUCH-1'; Exchange = 'full'; Expected = 'NO-SUCH-1' }
        @{ Name = 'a proxy that is none'; Arguments = '-Format table -Offline -Proxy socks5://proxy'; Exchange = 'full'; Expected = '-Proxy cannot be used' }
        @{ Name = 'no objects'; Arguments = '-Format table'; Exchange = 'empty'; Expected = 'neither send connectors nor accepted domains' }
        @{ Name = 'no rights'; Arguments = '-Format table'; Exchange = 'refused'; Expected = 'sufficient permissions' }
    ) {
        $folder = New-ScanFolder
        $scan = Invoke-Scan -Argument "-OutputFolder `"$folder`" $Arguments" -Exchange $Exchange
        $scan.ExitCode | Should -Be 3
        $scan.ErrorText | Should -Match $Expected
        @(Get-ScanLog $folder)[-1] | Should -Match ('ERROR The scan was not done: .*' + $Expected)
        @(Get-FileName $folder | Where-Object { $_ -like 'ExchangeControl-*' }).Count | Should -Be 0
    }
    It 'is 3 where the folder is missing' {
        $folder = [System.IO.Path]::Combine($TestDrive, 'no such folder')
        $scan = Invoke-Scan "-OutputFolder `"$folder`""
        $scan.ExitCode | Should -Be 3
        $scan.ErrorText | Should -Match 'names no folder'
    }
    It 'is 3 where no folder is named' {
        $scan = Invoke-Scan '-Format table'
        $scan.ExitCode | Should -Be 3
        $scan.ErrorText | Should -Match '-OutputFolder is missing'
    }
}

Describe 'What is kept' {
    It 'is the newest of each format that was written, and everything else' {
        $folder = New-ScanFolder
        $others = @('ExchangeControl-2020-01-01T000000Z.csv', 'ExchangeControl-2020-01-01T000000Z.txt.bak', 'ExchangeControl-notes.txt',
            'ExchangeControl-2020-1-1T000000Z.txt', 'My-ExchangeControl-2020-01-01T000000Z.txt', 'other.json')
        New-File $folder $others
        New-File $folder @('ExchangeControl-2020-01-01T000000Z.txt', 'ExchangeControl-2020-01-02T000000Z.txt', 'ExchangeControl-2020-01-03T000000Z.txt')
        New-File $folder @('ExchangeControl-2020-01-02T000000Z.json')
        (Invoke-Scan "-OutputFolder `"$folder`" -Format table,json $connectorControls -Keep 2").ExitCode | Should -Be 1
        $names = @(Get-FileName $folder)
        foreach ($name in $others) { $names | Should -Contain $name }
        $names | Should -Contain 'ExchangeControl-2020-01-03T000000Z.txt'
        $names | Should -Not -Contain 'ExchangeControl-2020-01-02T000000Z.txt'
        $names | Should -Not -Contain 'ExchangeControl-2020-01-01T000000Z.txt'
        $names | Should -Contain 'ExchangeControl-2020-01-02T000000Z.json'
        @(Get-ScanLog $folder | Where-Object { $_ -match 'removed ' }).Count | Should -Be 2
    }
    It 'is everything where the scan was not done' {
        $folder = New-ScanFolder
        $earlier = @('ExchangeControl-2020-01-01T000000Z.txt', 'ExchangeControl-2020-01-02T000000Z.txt')
        New-File $folder $earlier
        (Invoke-Scan -Argument "-OutputFolder `"$folder`" -Format table -Keep 1" -Exchange 'refused').ExitCode | Should -Be 3
        @(Get-FileName $folder | Where-Object { $_ -like '*.txt' }) -join ' ' | Should -Be ($earlier -join ' ')
    }
}

Describe 'A second scan in the same folder' {
    It 'is not done while the first one holds the lock, and says so' {
        $folder = New-ScanFolder
        $path = [System.IO.Path]::Combine($folder, 'ExchangeControl.lock')
        $lock = [System.IO.FileStream]::new($path, [System.IO.FileMode]::OpenOrCreate, [System.IO.FileAccess]::ReadWrite, [System.IO.FileShare]::None)
        try { $scan = Invoke-Scan "-OutputFolder `"$folder`" -Format table $connectorControls" }
        finally { $lock.Dispose() }
        $scan.ExitCode | Should -Be 3
        $scan.ErrorText | Should -Match 'another scan is at work'
        @(Get-FileName $folder | Where-Object { $_ -like '*.txt' }).Count | Should -Be 0
    }
    It 'is done after it, though the lock file is still there' {
        $folder = New-ScanFolder
        New-File $folder @('ExchangeControl.lock')
        (Invoke-Scan "-OutputFolder `"$folder`" -Format table $connectorControls").ExitCode | Should -Be 1
    }
}
