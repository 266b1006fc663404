# Scheduled tasks, with stand-ins for the commands of the Task Scheduler.

BeforeAll {
    $root = Split-Path -Path (Split-Path -Path $PSScriptRoot -Parent) -Parent
    Import-Module -Name ([System.IO.Path]::Combine($root, 'module', 'ExchangeControl', 'ExchangeControl.psd1')) -Force
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'ScheduledTaskStandIn.psm1') -Force
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'ScanShell.psm1') -Force
    $scan = [System.IO.Path]::Combine($root, 'module', 'ExchangeControl', 'Scripts', 'Invoke-ExchangeControlScan.ps1')
    $folder = [System.IO.Path]::Combine($TestDrive, 'the reports')
    $null = [System.IO.Directory]::CreateDirectory($folder)
    $begin = "-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$scan`" -OutputFolder `"$folder`""
    $account = @{ OutputFolder = $folder; At = '03:00'; UserId = 'CONTOSO\svc-exc$' }
}

AfterAll {
    Remove-Module -Name 'ScanShell', 'ScheduledTaskStandIn', 'ExchangeControl' -Force -ErrorAction SilentlyContinue
}

Describe 'Register-ExchangeControlScan' {
    BeforeEach { Clear-RegisteredTask }

    It 'registers a daily task for a group managed service account' {
        $task = Register-ExchangeControlScan @account
        @(Get-RegisteredTask).Count | Should -Be 1
        $task.TaskName | Should -Be 'ExchangeControl scan'
        $task.Task.Action.Execute | Should -Match 'WindowsPowerShell.v1\.0.powershell\.exe$'
        $task.Task.Action.Argument | Should -BeExactly $begin
        $task.Task.Trigger.Daily | Should -BeTrue
        $task.Task.Trigger.At.ToString('HHmm') | Should -Be '0300'
        $task.Task.Principal.UserId | Should -Be 'CONTOSO\svc-exc$'
        $task.Task.Principal.LogonType | Should -Be 'Password'
        $task.Task.Settings.MultipleInstances | Should -Be 'IgnoreNew'
        $task.Password | Should -BeNullOrEmpty
        $task.Force | Should -BeFalse
    }
    It 'registers a task for an account with a password' {
        $secret = [System.Security.SecureString]::new()
        foreach ($character in 'p&"w'.ToCharArray()) { $secret.AppendChar($character) }
        $credential = [System.Management.Automation.PSCredential]::new('CONTOSO\svc', $secret)
        $task = Register-ExchangeControlScan -OutputFolder $folder -At '03:00' -Credential $credential -TaskName 'Night' -Force
        $task.TaskName | Should -Be 'Night'
        $task.User | Should -Be 'CONTOSO\svc'
        $task.Password | Should -BeExactly 'p&"w'
        $task.Task.Principal | Should -BeNullOrEmpty
        $task.Task.Action.Argument | Should -Not -Match 'p&'
        $task.Force | Should -BeTrue
    }
    It 'puts what was given on the command line: <Expected>' -ForEach @(
        @{ Setting = @{ Format = @('html', 'cklb') }; Expected = '-Format "html,cklb"' }
        @{ Setting = @{ ControlId = @('EDCA-*', 'OWN-001') }; Expected = '-ControlId "EDCA-*,OWN-001"' }
        @{ Setting = @{ Keep = 90 }; Expected = '-Keep "90"' }
        @{ Setting = @{ Baseline = 'Latest' }; Expected = '-Baseline "Latest"' }
        @{ Setting = @{ Proxy = 'http://proxy.contoso.com:8080' }; Expected = '-Proxy "http://proxy.contoso.com:8080"' }
        @{ Setting = @{ DnsServer = @('192.0.2.1', '192.0.2.2') }; Expected = '-DnsServer "192.0.2.1,192.0.2.2"' }
        @{ Setting = @{ Timeout = 20 }; Expected = '-Timeout "20"' }
        @{ Setting = @{ ConnectionUri = 'http://mail.contoso.com/PowerShell/' }; Expected = '-ConnectionUri "http://mail.contoso.com/PowerShell/"' }
        @{ Setting = @{ Offline = $true }; Expected = '-Offline' }
    ) {
        $task = Register-ExchangeControlScan @account @Setting
        $task.Task.Action.Argument | Should -BeExactly "$begin $Expected"
    }
    It 'enters full paths' {
        $null = New-Item -ItemType Directory -Path ([System.IO.Path]::Combine($TestDrive, 'own')) -Force
        [System.IO.File]::WriteAllText([System.IO.Path]::Combine($TestDrive, 'risks.json'), '{}')
        Push-Location -LiteralPath $TestDrive
        try { $task = Register-ExchangeControlScan -OutputFolder './the reports' -At '03:00' -UserId 'X$' -ControlPath './own' -Exception './risks.json' }
        finally { Pop-Location }
        $text = $task.Task.Action.Argument
        foreach ($match in [regex]::Matches($text, '-(?:OutputFolder|ControlPath|Exception) "([^"]+)"')) {
            [System.IO.Path]::IsPathRooted($match.Groups[1].Value) | Should -BeTrue -Because $match.Value
        }
        [regex]::Matches($text, '-(?:OutputFolder|ControlPath|Exception) "([^"]+)"').Count | Should -Be 3
    }
    It 'makes a command line that runs' {
        $task = Register-ExchangeControlScan @account -Format 'table', 'json' -ControlId 'EDCA-TLS-025' -Offline
        $run = Invoke-ScanShell $task.Task.Action.Argument
        $run.ErrorText | Should -BeNullOrEmpty
        $run.ExitCode | Should -Be 2
        @([System.IO.Directory]::GetFiles($folder, 'ExchangeControl-*.txt')).Count | Should -Be 1
        @([System.IO.Directory]::GetFiles($folder, 'ExchangeControl-*.json')).Count | Should -Be 1
    }
    It 'registers nothing with -WhatIf' {
        Register-ExchangeControlScan @account -WhatIf
        @(Get-RegisteredTask).Count | Should -Be 0
    }
    It 'registers nothing in a script that runs with $WhatIfPreference' {
        & {
            $WhatIfPreference = $true
            Register-ExchangeControlScan @account
        }
        @(Get-RegisteredTask).Count | Should -Be 0
    }
    It 'refuses quotes' {
        { Register-ExchangeControlScan @account -ControlId 'a" -Keep "1' } |
            Should -Throw -ErrorId 'ExchangeControl.InvalidTaskArgument,Register-ExchangeControlScan'
        @(Get-RegisteredTask).Count | Should -Be 0
    }
    It 'keeps a backslash at the end from taking the quote: <Value>' -ForEach @(
        @{ Value = 'D:\'; Expected = '"D:\\"' }
        @{ Value = 'D:\a\b'; Expected = '"D:\a\b"' }
        @{ Value = '\\server\share\\'; Expected = '"\\server\share\\\\"' }
        @{ Value = 'with blank'; Expected = '"with blank"' }
    ) {
        InModuleScope -ModuleName 'ExchangeControl' -Parameters @{ value = $Value } -ScriptBlock {
            param($value)
            Format-TaskValue -Name 'X' -Value $value
        } | Should -BeExactly $Expected
    }
    It 'refuses a folder that is not there' {
        { Register-ExchangeControlScan -OutputFolder ([System.IO.Path]::Combine($TestDrive, 'none')) -At '03:00' -UserId 'X$' } |
            Should -Throw -ErrorId 'ExchangeControl.OutputFolderNotFound,Register-ExchangeControlScan'
    }
    It 'hands on what the Task Scheduler refuses' {
        { Register-ExchangeControlScan @account -TaskName 'refused' } | Should -Throw -ExpectedMessage '*Access is denied*'
    }
    It 'names cron and the command where there is no Task Scheduler' {
        Mock -ModuleName 'ExchangeControl' -CommandName 'Get-Command' -ParameterFilter { $Name -eq 'Register-ScheduledTask' }
        $failure = $null
        try { Register-ExchangeControlScan @account }
        catch { $failure = $_ }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.TaskCommandNotFound,Register-ExchangeControlScan'
        $failure.Exception.Message | Should -Match 'cron'
        $failure.Exception.Message | Should -Match 'exchange-control test'
    }
}
