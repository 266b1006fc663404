# The module itself: its manifest, its help, and what it says when the library cannot be used.

BeforeDiscovery {
    $commands = @('Test-ExchangeControl', 'Get-ExchangeControl', 'Repair-ExchangeControl', 'Export-ExchangeControlReport', 'Register-ExchangeControlScan')
}

BeforeAll {
    $root = Split-Path -Path (Split-Path -Path $PSScriptRoot -Parent) -Parent
    $manifest = [System.IO.Path]::Combine($root, 'module', 'ExchangeControl', 'ExchangeControl.psd1')
    $savedLibrary = $env:EXCHANGE_CONTROL_LIBRARY

    # A fresh copy of the module that has not loaded its library.
    function Import-FreshModule {
        Remove-Module -Name 'ExchangeControl' -Force -ErrorAction SilentlyContinue
        Import-Module -Name $manifest -Force
    }

    function Get-TerminatingError {
        param([scriptblock] $Script)
        try { $null = & $Script }
        catch { return $_ }
        return $null
    }
}

AfterAll {
    $env:EXCHANGE_CONTROL_LIBRARY = $savedLibrary
    Remove-Module -Name 'ExchangeControl' -Force -ErrorAction SilentlyContinue
}

Describe 'The manifest' {
    It 'is valid' {
        (Test-ModuleManifest -Path $manifest -ErrorAction Stop).Name | Should -Be 'ExchangeControl'
    }
    It 'exports five functions and nothing else' {
        Import-FreshModule
        $exported = @((Get-Module -Name 'ExchangeControl').ExportedCommands.Keys | Sort-Object)
        $exported -join ' ' | Should -Be (
            'Export-ExchangeControlReport Get-ExchangeControl Register-ExchangeControlScan Repair-ExchangeControl Test-ExchangeControl')
    }
    It 'is the only thing that an import adds to the session' {
        Import-FreshModule
        (Get-Module -Name 'ExchangeControl').ExportedVariables.Count | Should -Be 0
        (Get-Module -Name 'ExchangeControl').ExportedAliases.Count | Should -Be 0
    }
}

Describe 'Help of <_>' -ForEach $commands {
    BeforeAll {
        # Without a library, to show that help does not need one.
        $env:EXCHANGE_CONTROL_LIBRARY = [System.IO.Path]::Combine($TestDrive, 'missing', 'library')
        Import-FreshModule
        $command = $_
        $help = Get-Help -Name $command -Full
    }
    AfterAll { $env:EXCHANGE_CONTROL_LIBRARY = $savedLibrary }

    It 'has a synopsis and a description' {
        $help.Synopsis | Should -Not -BeNullOrEmpty
        $help.Synopsis | Should -Not -Match ([regex]::Escape("$command ["))
        ($help.Description | Out-String).Trim() | Should -Not -BeNullOrEmpty
    }
    It 'has examples' {
        @($help.Examples.Example).Count | Should -BeGreaterThan 2
    }
    It 'describes every parameter' {
        $common = @([System.Management.Automation.PSCmdlet]::CommonParameters) + @([System.Management.Automation.PSCmdlet]::OptionalCommonParameters)
        $own = @((Get-Command -Name $command).Parameters.Keys | Where-Object { $common -notcontains $_ })
        foreach ($name in $own) {
            (Get-Help -Name $command -Parameter $name).Description | Out-String | Should -Not -BeNullOrEmpty -Because $name
        }
    }
}

Describe 'Help of the scan script' {
    BeforeAll {
        $scanScript = [System.IO.Path]::Combine($root, 'module', 'ExchangeControl', 'Scripts', 'Invoke-ExchangeControlScan.ps1')
        $help = Get-Help -Name $scanScript -Full
    }

    It 'has a synopsis, examples and notes' {
        $help.Synopsis | Should -Be 'Tests Exchange once without anybody watching, and keeps the reports in a folder.'
        @($help.Examples.Example).Count | Should -Be 2
    }
    It 'ends where the script begins' {
        $help | Out-String | Should -Not -Match 'Requires'
    }
}

Describe 'The about topic' {
    BeforeAll { $topic = [System.IO.Path]::Combine($root, 'module', 'ExchangeControl', 'en-US', 'about_ExchangeControl.help.txt') }

    It 'is in the module' {
        Test-Path -LiteralPath $topic | Should -BeTrue
    }
    It 'tells what of the network can be set: -<_>' -ForEach @(
        'Offline', 'Proxy', 'DnsServer', 'AllowPrivateAddress', 'TrustedRoot', 'Timeout', 'ThrottleLimit'
    ) {
        [System.IO.File]::ReadAllText($topic) | Should -Match "-$_\b"
    }
}

Describe 'A library that cannot be used' {
    BeforeEach {
        $env:EXCHANGE_CONTROL_LIBRARY = $savedLibrary
        Import-FreshModule
    }
    AfterEach { $env:EXCHANGE_CONTROL_LIBRARY = $savedLibrary }

    It 'that is missing is one error with the way out' {
        $env:EXCHANGE_CONTROL_LIBRARY = [System.IO.Path]::Combine($TestDrive, 'missing.library')
        $failure = Get-TerminatingError { Get-ExchangeControl }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.LibraryNotFound,Get-ExchangeControl'
        $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failure.Exception.Message | Should -Match 'build\.ps1 -Task Build'
    }
    It 'is an error of each command: <_>' -ForEach @('Test-ExchangeControl', 'Get-ExchangeControl') {
        $env:EXCHANGE_CONTROL_LIBRARY = [System.IO.Path]::Combine($TestDrive, 'missing.library')
        $command = $_
        $failure = Get-TerminatingError { & $command }
        $failure.FullyQualifiedErrorId | Should -Be "ExchangeControl.LibraryNotFound,$command"
    }
    It 'is an error of Repair-ExchangeControl' {
        $env:EXCHANGE_CONTROL_LIBRARY = [System.IO.Path]::Combine($TestDrive, 'missing.library')
        $failure = Get-TerminatingError { [pscustomobject] @{ ControlId = 'X'; Status = 'Pass' } | Repair-ExchangeControl }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.LibraryNotFound,Repair-ExchangeControl'
    }
    It 'is found when it appears later, without another import' {
        $env:EXCHANGE_CONTROL_LIBRARY = [System.IO.Path]::Combine($TestDrive, 'missing.library')
        $null = Get-TerminatingError { Get-ExchangeControl }
        $env:EXCHANGE_CONTROL_LIBRARY = $savedLibrary
        @(Get-ExchangeControl).Count | Should -BeGreaterThan 0
    }
    It 'that is named by a relative path is an error' {
        $env:EXCHANGE_CONTROL_LIBRARY = 'exchange_control.dll'
        $failure = Get-TerminatingError { Get-ExchangeControl }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.LibraryPathNotAbsolute,Get-ExchangeControl'
    }
    It 'that is not a library is one error with the way out' {
        $file = [System.IO.Path]::Combine($TestDrive, 'not-a-library.dll')
        [System.IO.File]::WriteAllText($file, 'this is text')
        $env:EXCHANGE_CONTROL_LIBRARY = $file
        $failure = Get-TerminatingError { Get-ExchangeControl }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.LibraryNotLoaded,Get-ExchangeControl'
        $failure.Exception.Message | Should -Match 'build\.ps1 -Task Build'
    }
    It 'that has another interface version is one error with the way out' {
        InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock { $script:AbiVersion = 9999 }
        $failure = Get-TerminatingError { Get-ExchangeControl }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.LibraryVersion,Get-ExchangeControl'
        $failure.Exception.Message | Should -Match '9999'
        $failure.Exception.Message | Should -Match 'build\.ps1 -Task Build'
    }
    It 'stops the command under every error preference' {
        $env:EXCHANGE_CONTROL_LIBRARY = [System.IO.Path]::Combine($TestDrive, 'missing.library')
        $failure = Get-TerminatingError { Get-ExchangeControl -ErrorAction SilentlyContinue }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.LibraryNotFound,Get-ExchangeControl'
    }
}

Describe 'The library' {
    BeforeAll { Import-FreshModule }

    It 'has every function that is declared' {
        $null = Get-ExchangeControl
        $missing = InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock {
            foreach ($name in (Get-NativeSignature).Keys) {
                if ($null -eq $script:Native.GetMethod($name)) { $name }
            }
        }
        $missing | Should -BeNullOrEmpty
    }
    It 'says its name and version' {
        $null = Get-ExchangeControl
        $answer = InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock {
            $pointer = [IntPtr]::Zero
            $size = [UIntPtr]::Zero
            try {
                $null = $script:Native::xc_version([ref] $pointer, [ref] $size)
                ConvertFrom-AnswerJson (Read-NativeText $pointer $size)
            }
            finally { $script:Native::xc_buffer_free($pointer, $size) }
        }
        $answer.name | Should -Be 'exchange-control'
        $answer.version | Should -Be ([string] (Get-Module -Name 'ExchangeControl').Version)
        $answer.abiVersion | Should -Be 1
    }
}
