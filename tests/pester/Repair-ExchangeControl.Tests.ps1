# Repairs, with stand-ins for the Exchange commands.

BeforeAll {
    $root = Split-Path -Path (Split-Path -Path $PSScriptRoot -Parent) -Parent
    Import-Module -Name ([System.IO.Path]::Combine($root, 'module', 'ExchangeControl', 'ExchangeControl.psd1')) -Force
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'ExchangeStandIn.psm1') -Force
    $selection = @('EDCA-TLS-011', 'EX16-ED-000170')
    $gateway = 'Internet (legacy gateway)'

    # A failed result as Test-ExchangeControl would give it, with other properties where a test needs them.
    function Get-GatewayResult {
        param([hashtable] $With = @{})
        $result = Test-ExchangeControl -ControlId 'EDCA-TLS-011' | Where-Object { $_.Status -eq 'Fail' }
        foreach ($entry in $With.GetEnumerator()) { $result.PSObject.Properties[$entry.Key].Value = $entry.Value }
        $result
    }
}

AfterAll {
    Remove-Module -Name 'ExchangeStandIn' -Force -ErrorAction SilentlyContinue
    Remove-Module -Name 'ExchangeControl' -Force -ErrorAction SilentlyContinue
}

Describe 'Repair-ExchangeControl over <_>' -ForEach @('send-connectors.ems.clixml', 'send-connectors.remote.clixml', 'send-connectors.remote.json') {
    BeforeEach {
        Set-ExchangeStandIn -Connector @(Get-ExchangeFixture $_) -Domain @(Get-ExchangeFixture 'accepted-domains.remote.clixml')
    }

    It 'corrects what failed and can be corrected, and says what became of it' {
        $repairs = @(Test-ExchangeControl -ControlId $selection | Repair-ExchangeControl -Confirm:$false -WarningAction SilentlyContinue)
        $repairs.Count | Should -Be 2
        $repairs[0].PSObject.TypeNames[0] | Should -Be 'ExchangeControl.Repair'
        $repairs[0].ControlId | Should -Be 'EDCA-TLS-011'
        $repairs[0].Identity | Should -Be $gateway
        $repairs[0].Before | Should -Be 'Fail'
        $repairs[0].After | Should -Be 'Pass'
        $repairs[0].Changed | Should -BeTrue
        $repairs[0].ErrorMessage | Should -BeNullOrEmpty
        $repairs[1].ControlId | Should -Be 'EX16-ED-000170'
        $repairs[1].Identity | Should -Be 'Branch office'
        $repairs[1].After | Should -Be 'Pass'

        $changes = @(Get-ExchangeChange)
        $changes.Count | Should -Be 2
        @($changes[0].Settings.Keys) -join ' ' | Should -Be 'IgnoreSTARTTLS'
        $changes[0].Settings['IgnoreSTARTTLS'] | Should -Be $false
        $changes[1].Settings['DomainSecureEnabled'] | Should -Be $true
        $changes[1].Settings['DNSRoutingEnabled'] | Should -Be $true
    }
    It 'warns about what it cannot correct, and changes nothing there' {
        $null = Test-ExchangeControl -ControlId 'EX16-ED-000170' |
            Where-Object { $_.Identity -like 'EdgeSync*' } |
            Repair-ExchangeControl -Confirm:$false -WarningVariable warnings -WarningAction SilentlyContinue
        @($warnings).Count | Should -Be 1
        [string] $warnings[0] | Should -Match 'EX16-ED-000170 failed for .EdgeSync'
        @(Get-ExchangeChange).Count | Should -Be 0
    }
    It 'has nothing left to do the second time' {
        $null = Test-ExchangeControl -ControlId 'EDCA-TLS-011' | Repair-ExchangeControl -Confirm:$false
        @(Test-ExchangeControl -ControlId 'EDCA-TLS-011' | Repair-ExchangeControl -Confirm:$false).Count | Should -Be 0
        @(Get-ExchangeChange).Count | Should -Be 1
    }
}

Describe 'Repair-ExchangeControl' {
    BeforeEach {
        Set-ExchangeStandIn -Connector @(Get-ExchangeFixture 'send-connectors.remote.clixml') -Domain @(
            Get-ExchangeFixture 'accepted-domains.remote.clixml')
    }

    It 'asks by default' {
        $command = Get-Command -Name 'Repair-ExchangeControl'
        $attribute = @($command.ScriptBlock.Attributes | Where-Object { $_ -is [System.Management.Automation.CmdletBindingAttribute] })[0]
        $attribute.SupportsShouldProcess | Should -BeTrue
        $attribute.ConfirmImpact | Should -Be 'High'
    }
    It 'changes nothing with -WhatIf' {
        @(Get-GatewayResult | Repair-ExchangeControl -WhatIf).Count | Should -Be 0
        @(Get-ExchangeChange).Count | Should -Be 0
    }
    It 'changes nothing in a script that runs with $WhatIfPreference' {
        $result = Get-GatewayResult
        & {
            $WhatIfPreference = $true
            $result | Repair-ExchangeControl
        }
        @(Get-ExchangeChange).Count | Should -Be 0
    }
    It 'shows the command that the result shows' {
        $result = Get-GatewayResult
        $repair = $result | Repair-ExchangeControl -Confirm:$false
        $repair.Command | Should -Be $result.RemediationCommand
    }
    It 'shows the command that it runs, whatever text came with the result' {
        $result = Get-GatewayResult -With @{ RemediationCommand = 'Remove-Item C:\' }
        $repair = $result | Repair-ExchangeControl -Confirm:$false
        $repair.Command | Should -Be "Set-SendConnector -Identity 'Internet (legacy gateway)' -IgnoreSTARTTLS `$false"
    }
    It 'spells out what cannot be seen in a command' {
        $text = InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock { Format-CommandValue ('a' + [char] 0x202E + "b`nc'd") }
        $text | Should -Be "('a' + [char] 0x202E + 'b' + [char] 0x000A + 'c''d')"
    }
    It 'leaves results alone that did not fail' {
        $results = @(Test-ExchangeControl -Offline | Where-Object { $_.Status -ne 'Fail' })
        @($results | Repair-ExchangeControl -Confirm:$false).Count | Should -Be 0
        @(Get-ExchangeChange).Count | Should -Be 0
    }
    It 'takes results that were saved as CLIXML' {
        $file = [System.IO.Path]::Combine($TestDrive, 'results.clixml')
        Test-ExchangeControl -ControlId 'EDCA-TLS-011' | Export-Clixml -LiteralPath $file
        $repairs = @(Import-Clixml -LiteralPath $file | Repair-ExchangeControl -Confirm:$false)
        $repairs.Count | Should -Be 1
        $repairs[0].After | Should -Be 'Pass'
    }
    It 'takes results that were saved as JSON' {
        $json = ConvertTo-Json -InputObject @(Test-ExchangeControl -ControlId 'EDCA-TLS-011') -Depth 8
        $saved = ConvertFrom-Json -InputObject $json
        $repairs = @($saved | Repair-ExchangeControl -Confirm:$false)
        $repairs.Count | Should -Be 1
        $repairs[0].After | Should -Be 'Pass'
    }
    It 'never sets <Name>' -ForEach @(
        @{ Name = 'AddressSpaces'; Value = 'SMTP:*;1' }
        @{ Name = 'AuthenticationCredential'; Value = 'x' }
        @{ Name = 'Name'; Value = 'Other' }
        @{ Name = 'WhatIf'; Value = $false }
        @{ Name = 'Ignore'; Value = $false }
        @{ Name = 'NoSuchParameter'; Value = 1 }
    ) {
        $result = Get-GatewayResult -With @{ RemediationParameters = @{ IgnoreSTARTTLS = $false; $Name = $Value } }
        $repairs = @($result | Repair-ExchangeControl -Confirm:$false -ErrorVariable failures -ErrorAction SilentlyContinue)
        $repairs.Count | Should -Be 0
        $failures[0].FullyQualifiedErrorId | Should -Be 'ExchangeControl.ParameterRefused,Repair-ExchangeControl'
        $failures[0].Exception.Message | Should -Match $Name
        @(Get-ExchangeChange).Count | Should -Be 0
    }
    It 'warns about a domain with what to publish' {
        $result = [pscustomobject] @{
            ControlId = 'EDCA-TLS-025'; TargetKind = 'AcceptedDomain'; Identity = 'contoso.com'; Status = 'Fail'; Automatable = $false
            Reason = 'there is no record'; RemediationDescription = 'Publish a policy.'; RemediationParameters = @{}
            RemediationCommand = $null; RemediationScript = '_mta-sts.contoso.com. TXT "v=STSv1; id=1;"'
        }
        $repairs = @($result | Repair-ExchangeControl -Confirm:$false -WarningVariable warnings -WarningAction SilentlyContinue)
        $repairs.Count | Should -Be 0
        @($warnings).Count | Should -Be 1
        [string] $warnings[0] | Should -Be (
            "EDCA-TLS-025 failed for 'contoso.com', and its fix cannot be run automatically; nothing was changed. there is no record. " +
            'Publish a policy.' + [Environment]::NewLine + '_mta-sts.contoso.com. TXT "v=STSv1; id=1;"')
        @(Get-ExchangeChange).Count | Should -Be 0
    }
    It 'asks nothing of the network for the test after a change' {
        $result = Get-GatewayResult
        Mock -ModuleName 'ExchangeControl' -CommandName 'Invoke-ControlRun' -MockWith {
            [pscustomobject] @{ Identity = 'Internet (legacy gateway)'; Status = 'Pass'; Reason = '' }
        }
        $repair = $result | Repair-ExchangeControl -Confirm:$false
        $repair.After | Should -Be 'Pass'
        Should -Invoke -ModuleName 'ExchangeControl' -CommandName 'Invoke-ControlRun' -Times 1 -Exactly -ParameterFilter {
            ($Request -match '"network":\{"offline":true\}') -and ($Request -match '"acceptedDomains":\[\{')
        }
    }
    It 'leaves an accepted risk alone, and says so' {
        $risk = [pscustomobject] @{ Justification = 'Replaced in May'; Owner = 'Mail team'; Expires = '2099-12-31' }
        $result = Get-GatewayResult -With @{ Exception = $risk }
        $repairs = @($result | Repair-ExchangeControl -Confirm:$false -WarningVariable warnings -WarningAction SilentlyContinue)
        $repairs.Count | Should -Be 0
        @($warnings).Count | Should -Be 1
        [string] $warnings[0] | Should -Match 'accepted until 2099-12-31 by Mail team: Replaced in May.*-IncludeExcepted'
        @(Get-ExchangeChange).Count | Should -Be 0
    }
    It 'corrects an accepted risk with -IncludeExcepted' {
        $risk = [pscustomobject] @{ Justification = 'Replaced in May'; Owner = 'Mail team'; Expires = '2099-12-31' }
        $repair = Get-GatewayResult -With @{ Exception = $risk } | Repair-ExchangeControl -Confirm:$false -IncludeExcepted
        $repair.After | Should -Be 'Pass'
    }
    It 'corrects what was accepted and has expired' {
        $risk = [pscustomobject] @{ Justification = 'Replaced in May'; Owner = 'Mail team'; Expires = '2020-12-31' }
        $repair = Get-GatewayResult -With @{ Exception = $risk } | Repair-ExchangeControl -Confirm:$false
        $repair.After | Should -Be 'Pass'
    }
    It 'takes a risk whose last day cannot be read for accepted' {
        $risk = [pscustomobject] @{ Justification = 'x'; Owner = 'x'; Expires = 'next year' }
        $null = Get-GatewayResult -With @{ Exception = $risk } | Repair-ExchangeControl -Confirm:$false -WarningAction SilentlyContinue
        @(Get-ExchangeChange).Count | Should -Be 0
    }
    It 'takes the text "False" for no' {
        $result = Get-GatewayResult -With @{ Automatable = 'False' }
        $null = $result | Repair-ExchangeControl -Confirm:$false -WarningAction SilentlyContinue
        @(Get-ExchangeChange).Count | Should -Be 0
    }
    It 'changes nothing for a control that it could not test afterwards' {
        $result = Get-GatewayResult -With @{ ControlId = 'NO-SUCH-1' }
        $null = $result | Repair-ExchangeControl -Confirm:$false -ErrorVariable failures -ErrorAction SilentlyContinue
        $failures[0].FullyQualifiedErrorId | Should -Be 'ExchangeControl.ControlNotInCatalog,Repair-ExchangeControl'
        @(Get-ExchangeChange).Count | Should -Be 0
    }
    It 'says that something is not a result, and goes on' {
        $mixed = @([pscustomobject] @{ Name = 'x' }) + @(Get-GatewayResult)
        $repairs = @($mixed | Repair-ExchangeControl -Confirm:$false -ErrorVariable failures -ErrorAction SilentlyContinue)
        $failures[0].FullyQualifiedErrorId | Should -Be 'ExchangeControl.NotAResult,Repair-ExchangeControl'
        $repairs.Count | Should -Be 1
    }
    It 'reports a change that Exchange refuses, as an object and as an error' {
        $result = Get-GatewayResult
        Set-ExchangeStandIn -Connector @(Get-SendConnector) -Domain @(Get-AcceptedDomain) -FailingIdentity $gateway
        $repairs = @($result | Repair-ExchangeControl -Confirm:$false -ErrorVariable failures -ErrorAction SilentlyContinue)
        $repairs.Count | Should -Be 1
        $repairs[0].Changed | Should -BeFalse
        $repairs[0].After | Should -Be 'Fail'
        $repairs[0].ErrorMessage | Should -Match 'was not made: .*sufficient permissions'
        @($failures | Where-Object { $_.FullyQualifiedErrorId -eq 'ExchangeControl.RepairFailed,Repair-ExchangeControl' }).Count | Should -Be 1
    }
    It 'works without Get-AcceptedDomain''s answer, with -AcceptedDomain' {
        $results = @(Test-ExchangeControl -ControlId 'EX16-ED-000170' | Where-Object { $_.Identity -eq 'Branch office' })
        $domains = @(Get-AcceptedDomain)
        Set-ExchangeStandIn -Connector @(Get-SendConnector) -Domain @()
        $repair = $results | Repair-ExchangeControl -Confirm:$false -AcceptedDomain $domains
        $repair.After | Should -Be 'Pass'
    }
    It 'has a table view' {
        $table = Get-GatewayResult | Repair-ExchangeControl -Confirm:$false | Format-Table | Out-String -Width 200
        $table | Should -Match 'ControlId\s+Identity\s+Before\s+After\s+Changed'
    }
    It 'leaves no run behind' {
        $null = Get-GatewayResult | Repair-ExchangeControl -Confirm:$false
        InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock { $script:Native::xc_live_runs() } | Should -Be 0
    }
}

Describe 'Without the Exchange commands' {
    BeforeAll {
        Set-ExchangeStandIn -Connector @(Get-ExchangeFixture 'send-connectors.remote.clixml') -Domain @(
            Get-ExchangeFixture 'accepted-domains.remote.clixml')
        $result = Get-GatewayResult
        Remove-Module -Name 'ExchangeStandIn' -Force
    }
    AfterAll {
        Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'ExchangeStandIn.psm1') -Force
    }

    It 'a repair is one error with the way out' {
        { $result | Repair-ExchangeControl -Confirm:$false } |
            Should -Throw -ErrorId 'ExchangeControl.ExchangeCommandNotFound,Repair-ExchangeControl'
    }
    It '-WhatIf still shows the commands' {
        { $result | Repair-ExchangeControl -WhatIf } | Should -Not -Throw
    }
}
