# Testing, over the fixtures in every shape that Exchange objects come in.

BeforeDiscovery {
    $shapes = @(
        @{ Shape = 'CLIXML of the management shell'; Connectors = 'send-connectors.ems.clixml'; Domains = 'accepted-domains.ems.clixml' }
        @{ Shape = 'JSON of the management shell'; Connectors = 'send-connectors.ems.json'; Domains = 'accepted-domains.ems.clixml' }
        @{ Shape = 'CLIXML of a remote session'; Connectors = 'send-connectors.remote.clixml'; Domains = 'accepted-domains.remote.clixml' }
        @{ Shape = 'JSON of a remote session'; Connectors = 'send-connectors.remote.json'; Domains = 'accepted-domains.remote.json' }
    )
}

BeforeAll {
    $root = Split-Path -Path (Split-Path -Path $PSScriptRoot -Parent) -Parent
    Import-Module -Name ([System.IO.Path]::Combine($root, 'module', 'ExchangeControl', 'ExchangeControl.psd1')) -Force
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'ExchangeStandIn.psm1') -Force

    # Connector, verdict of EDCA-TLS-011, verdict of EX16-ED-000170.
    $expected = @(
        'Internet: Pass NotApplicable'
        'Internet (legacy gateway): Fail NotApplicable'
        'Internet (old, disabled): NotApplicable NotApplicable'
        'EdgeSync - Inbound to Default-First-Site-Name: NotApplicable Fail'
        'Outbound to Office 365 - 4d1c2c9e-8c1d-4c61-9a5e-0d6d9b8a7f10: Pass NotApplicable'
        'Branch office: NotApplicable Fail'
        'Plant relay: NotApplicable Pass'
        'Partner Litware: Pass NotApplicable'
        'X400 archive: NotApplicable NotApplicable'
    )
    $selection = @('EDCA-TLS-011', 'EX16-ED-000170')

    # Results as lines like the ones above.
    function Get-VerdictLine {
        param([object[]] $Result)
        $names = @($Result | Where-Object { $_.ControlId -eq 'EDCA-TLS-011' } | ForEach-Object { $_.Identity })
        foreach ($name in $names) {
            $verdicts = @($selection | ForEach-Object {
                    $id = $_
                    @($Result | Where-Object { $_.ControlId -eq $id -and $_.Identity -eq $name } | ForEach-Object { $_.Status }) -join ','
                })
            $name + ': ' + ($verdicts -join ' ')
        }
    }

    # The address of a DNS server on this machine that is not there: its port was free a moment ago.
    function Get-DeadDnsServer {
        $socket = New-LoopbackSocket
        $address = [string] $socket.Client.LocalEndPoint
        $socket.Close()
        $address
    }

    # A socket on this machine that takes questions and never answers.
    function New-LoopbackSocket {
        [System.Net.Sockets.UdpClient]::new([System.Net.IPEndPoint]::new([System.Net.IPAddress]::Loopback, 0))
    }

    function Get-LiveRunCount {
        InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock { $script:Native::xc_live_runs() }
    }
}

AfterAll {
    Remove-Module -Name 'ExchangeStandIn' -Force -ErrorAction SilentlyContinue
    Remove-Module -Name 'ExchangeControl' -Force -ErrorAction SilentlyContinue
}

Describe 'Verdicts over <Shape>' -ForEach $shapes {
    BeforeAll {
        $fixtureConnectors = @(Get-ExchangeFixture $Connectors)
        $fixtureDomains = @(Get-ExchangeFixture $Domains)
    }

    It 'are the expected ones when connectors and domains are piped in' {
        $results = @($fixtureConnectors + $fixtureDomains | Test-ExchangeControl -ControlId $selection)
        @(Get-VerdictLine $results) -join "`n" | Should -Be ($expected -join "`n")
    }
    It 'are the same with -AcceptedDomain' {
        $results = @($fixtureConnectors | Test-ExchangeControl -ControlId $selection -AcceptedDomain $fixtureDomains)
        @(Get-VerdictLine $results) -join "`n" | Should -Be ($expected -join "`n")
    }
    It 'are the same with -InputObject' {
        $results = @(Test-ExchangeControl -InputObject ($fixtureConnectors + $fixtureDomains) -ControlId $selection)
        @(Get-VerdictLine $results) -join "`n" | Should -Be ($expected -join "`n")
    }
    It 'are the same when a list comes as one object' {
        $results = @(, ($fixtureConnectors + $fixtureDomains) | Test-ExchangeControl -ControlId $selection)
        @(Get-VerdictLine $results) -join "`n" | Should -Be ($expected -join "`n")
    }
    It 'are the same when ConvertTo-Json wrapped the list' {
        $wrapped = [pscustomobject] @{ value = $fixtureConnectors; Count = $fixtureConnectors.Count }
        $results = @($wrapped | Test-ExchangeControl -ControlId $selection -AcceptedDomain $fixtureDomains)
        @(Get-VerdictLine $results) -join "`n" | Should -Be ($expected -join "`n")
    }
    It 'are Unknown, with the reason, where the accepted domains are needed and missing' {
        # The stand-ins are there to be asked, and must not be.
        Set-ExchangeStandIn -Connector $fixtureConnectors -Domain $fixtureDomains
        $unknown = @($fixtureConnectors | Test-ExchangeControl -ControlId $selection | Where-Object { $_.Status -eq 'Unknown' })
        $names = @($unknown | ForEach-Object { $_.Identity } | Sort-Object -Unique)
        $names -join ', ' | Should -Be 'Branch office, Partner Litware, Plant relay'
        $unknown.Count | Should -Be 6
        $unknown[0].Reason | Should -Match 'accepted domain'
    }
    It 'survive Select-Object, which drops the type name' {
        $bare = @($fixtureConnectors | Select-Object -Property *)
        $results = @($bare | Test-ExchangeControl -ControlId $selection -AcceptedDomain $fixtureDomains)
        @(Get-VerdictLine $results) -join "`n" | Should -Be ($expected -join "`n")
    }
    It 'leave no run behind' {
        $null = $fixtureConnectors | Test-ExchangeControl
        Get-LiveRunCount | Should -Be 0
    }
}

Describe 'A result' {
    BeforeAll {
        $fixtureConnectors = @(Get-ExchangeFixture 'send-connectors.remote.clixml')
        $failed = @($fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' | Where-Object { $_.Status -eq 'Fail' })[0]
    }

    It 'has its type name and says what, where and why' {
        $failed.PSObject.TypeNames[0] | Should -Be 'ExchangeControl.Result'
        $failed.ControlId | Should -Be 'EDCA-TLS-011'
        $failed.TargetKind | Should -Be 'SendConnector'
        $failed.Identity | Should -Be 'Internet (legacy gateway)'
        $failed.Identity | Should -BeOfType [string]
        $failed.Severity | Should -Be 'High'
        $failed.SeverityWeight | Should -Be 8
        $failed.Reason | Should -Not -BeNullOrEmpty
    }
    It 'has evidence' {
        $leaf = @($failed.Evidence | Where-Object { $_.Field -eq 'IgnoreSTARTTLS' })[0]
        $leaf.Operator | Should -Be 'equals'
        $leaf.Expected | Should -Be $false
        $leaf.Actual | Should -Be $true
        $leaf.Status | Should -Be 'Fail'
    }
    It 'has the fix, ready to splat' {
        $failed.Automatable | Should -BeTrue
        $failed.RemediationParameters | Should -BeOfType [System.Collections.IDictionary]
        $failed.RemediationParameters['IgnoreSTARTTLS'] | Should -Be $false
        $failed.RemediationCommand | Should -Be "Set-SendConnector -Identity 'Internet (legacy gateway)' -IgnoreSTARTTLS `$false"
    }
    It 'keeps lists lists: <_>' -ForEach @('Frameworks', 'Evidence', 'Issues', 'References') {
        ($failed.PSObject.Properties[$_].Value -is [array]) | Should -BeTrue
    }
    It 'has no property that Set-SendConnector would bind but Identity' {
        $parameters = @((Get-Command -Name 'Set-SendConnector').Parameters.Values | ForEach-Object { @($_.Name) + @($_.Aliases) })
        $names = @($failed.PSObject.Properties | ForEach-Object { $_.Name })
        @($names | Where-Object { $parameters -contains $_ }) -join ' ' | Should -Be 'Identity'
    }
    It 'is its Identity as a text' {
        "$failed" | Should -Be 'Internet (legacy gateway)'
        $failed.ToString() | Should -Be 'Internet (legacy gateway)'
    }
    It 'has a table and a list view' {
        $table = $failed | Format-Table | Out-String -Width 200
        $table | Should -Match 'Status\s+ControlId\s+Identity\s+Severity\s+Reason'
        $list = $failed | Format-List | Out-String -Width 200
        $list | Should -Match 'RemediationCommand\s*:\s*Set-SendConnector'
        $list | Should -Match 'Evidence\s*:'
        $list | Should -Match 'Fail: IgnoreSTARTTLS equals False, is True'
    }
    It 'binds to Set-SendConnector by its Identity' {
        Set-ExchangeStandIn -Connector $fixtureConnectors
        $fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' | Where-Object Status -EQ Fail |
            Set-SendConnector -IgnoreSTARTTLS $false
        $changes = @(Get-ExchangeChange)
        $changes.Count | Should -Be 1
        $changes[0].Identity | Should -Be 'Internet (legacy gateway)'
        $changes[0].Settings.Count | Should -Be 1
        $changes[0].Settings['IgnoreSTARTTLS'] | Should -Be $false
    }
    It 'binds to Set-SendConnector after a trip through CLIXML too' {
        $file = [System.IO.Path]::Combine($TestDrive, 'result.clixml')
        $failed | Export-Clixml -LiteralPath $file
        $connectors = @(Get-ExchangeFixture 'send-connectors.remote.clixml')
        Set-ExchangeStandIn -Connector $connectors
        Import-Clixml -LiteralPath $file | Set-SendConnector -IgnoreSTARTTLS $false
        @(Get-ExchangeChange)[0].Identity | Should -Be 'Internet (legacy gateway)'
    }
}

Describe 'Text that looks like something else' {
    BeforeAll {
        $connector = @(Get-ExchangeFixture 'send-connectors.remote.clixml')[1]
    }
    It 'stays as it is: <Name>' -ForEach @(
        @{ Name = '2026-05-04T09:30:00Z' }
        @{ Name = '2026-05-04T09:30:00.0000000+02:00' }
        @{ Name = '/Date(1777887000000)/' }
        @{ Name = 'say "2026-05-04T09:30:00" twice' }
        @{ Name = 'back\slash and "quote"' }
        @{ Name = "it's `$env:USERNAME; `$(Get-Date) ``n" }
        @{ Name = "smart $([char] 0x2019) quote" }
        @{ Name = "$([char] 0xE000)marked" }
        @{ Name = "umlaut $([char] 0x00FC) and $([char]::ConvertFromUtf32(0x1F4E7))" }
    ) {
        $connector.PSObject.Properties['Name'].Value = $Name
        $connector.PSObject.Properties['Identity'].Value = $Name
        $result = $connector | Test-ExchangeControl -ControlId 'EDCA-TLS-011'
        $result.Identity | Should -BeOfType [string]
        $result.Identity | Should -BeExactly $Name
        "$result" | Should -BeExactly $Name
        # The command is code: its only string must be the name.
        $tokens = $null
        $problems = $null
        $tree = [System.Management.Automation.Language.Parser]::ParseInput($result.RemediationCommand, [ref] $tokens, [ref] $problems)
        $problems.Count | Should -Be 0
        $strings = @($tree.FindAll({ $args[0] -is [System.Management.Automation.Language.StringConstantExpressionAst] }, $true) |
                Where-Object { $_.StringConstantType -eq 'SingleQuoted' })
        $strings.Count | Should -BeGreaterThan 0
        if ($strings.Count -eq 1) { $strings[0].Value | Should -BeExactly $Name }
    }
}

Describe 'What is sent' {
    It 'does not touch credentials or serialized copies' {
        $connector = @(Get-ExchangeFixture 'send-connectors.remote.clixml')[0] | Select-Object -Property * -ExcludeProperty AuthenticationCredential
        $connector | Add-Member -MemberType ScriptProperty -Name 'AuthenticationCredential' -Value { throw 'the credential was read' }
        $connector | Add-Member -MemberType ScriptProperty -Name 'SerializationData' -Value { throw 'the serialized copy was read' }
        $json = InModuleScope -ModuleName 'ExchangeControl' -Parameters @{ connector = $connector } -ScriptBlock {
            param($connector)
            ConvertTo-TargetJson $connector @('Name', 'Enabled', 'AuthenticationCredential', 'SerializationData')
        }
        $target = ConvertFrom-Json -InputObject $json
        @($target.PSObject.Properties | ForEach-Object { $_.Name }) -join ' ' | Should -Be 'PSTypeName Name Enabled'
    }
    It 'is only what the controls read' {
        $json = InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock {
            $catalog = Get-NativeCatalog -ControlId 'EDCA-TLS-011'
            $connector = [pscustomobject] @{ Name = 'Internet'; Identity = 'Internet'; AddressSpaces = 'SMTP:*;1'; IgnoreSTARTTLS = $true; Secret = 'x' }
            ConvertTo-TargetJson $connector $catalog.Fields
        }
        $target = ConvertFrom-Json -InputObject $json
        $target.AddressSpaces | Should -Be 'SMTP:*;1'
        $target.IgnoreSTARTTLS | Should -Be $true
        $target.PSObject.Properties['Secret'] | Should -BeNullOrEmpty
        $target.PSObject.Properties['Enabled'] | Should -BeNullOrEmpty
    }
    It 'is the name of a deserialized enum' {
        $relay = @(Get-ExchangeFixture 'send-connectors.ems.clixml' | Where-Object { $_.Name -eq 'Plant relay' })[0]
        $json = InModuleScope -ModuleName 'ExchangeControl' -Parameters @{ relay = $relay } -ScriptBlock {
            param($relay)
            ConvertTo-TargetJson $relay @('TlsAuthLevel', 'Port', 'TlsDomain', 'AddressSpaces', 'ConnectionInactivityTimeOut')
        }
        $target = ConvertFrom-Json -InputObject $json
        $target.TlsAuthLevel | Should -Be 'DomainValidation'
        $target.Port | Should -Be 25
        $target.TlsDomain | Should -Be 'relay.plant.contoso.com'
        $target.ConnectionInactivityTimeOut | Should -Be '00:10:00'
        ($target.AddressSpaces -is [array]) | Should -BeTrue
        $target.AddressSpaces[0] | Should -Be 'SMTP:plant.contoso.com;1'
    }
    It 'is <Expected> for <Name>' -ForEach @(
        @{ Name = 'true'; Value = $true; Expected = 'true' }
        @{ Name = 'null'; Value = $null; Expected = 'null' }
        @{ Name = 'a number'; Value = 25; Expected = '25' }
        @{ Name = 'an enum'; Value = [System.DayOfWeek]::Friday; Expected = '"Friday"' }
        @{ Name = 'a time span'; Value = [timespan]::FromMinutes(10); Expected = '"00:10:00"' }
        @{ Name = 'a list of one'; Value = @('SMTP:*;1'); Expected = '["SMTP:*;1"]' }
        @{ Name = 'an empty list'; Value = @(); Expected = '[]' }
        @{ Name = 'an object of JSON'; Value = [pscustomobject] @{ Address = '*'; Cost = 1 }; Expected = '{"Address":"*","Cost":1}' }
        @{ Name = 'a serialized copy'; Value = [byte[]] @(1, 2); Expected = 'null' }
    ) {
        $json = InModuleScope -ModuleName 'ExchangeControl' -Parameters @{ value = $Value } -ScriptBlock {
            param($value)
            ConvertTo-TargetJson ([pscustomobject] @{ Comment = $value }) @('Comment')
        }
        $json | Should -Match ([regex]::Escape('"Comment":' + $Expected + '}') + '$')
    }
}

Describe 'Input' {
    BeforeAll {
        $fixtureConnectors = @(Get-ExchangeFixture 'send-connectors.remote.clixml')
        $fixtureDomains = @(Get-ExchangeFixture 'accepted-domains.remote.clixml')
    }
    BeforeEach {
        Set-ExchangeStandIn -Connector $fixtureConnectors -Domain $fixtureDomains
    }

    It 'is collected when there is none' {
        $results = @(Test-ExchangeControl -ControlId $selection)
        @(Get-VerdictLine $results) -join "`n" | Should -Be ($expected -join "`n")
    }
    It 'is tested with all of it when it is collected, accepted domains too' {
        $results = @(Test-ExchangeControl -Offline)
        @($results | Where-Object { $_.TargetKind -eq 'SendConnector' }).Count | Should -Be 18
        $domains = @($results | Where-Object { $_.TargetKind -eq 'AcceptedDomain' })
        @($domains | ForEach-Object { $_.ControlId } | Sort-Object -Unique) -join ' ' | Should -Be 'EDCA-TLS-025'
        @($domains | ForEach-Object { $_.Identity }) | Should -Contain 'contoso.com'
    }
    It 'is collected with the accepted domains that are given, which are tested too' {
        $given = @($fixtureDomains | Where-Object { $_.Name -eq 'contoso.com' })
        $results = @(Test-ExchangeControl -Offline -AcceptedDomain $given)
        $domains = @($results | Where-Object { $_.TargetKind -eq 'AcceptedDomain' })
        @($domains | ForEach-Object { $_.Identity }) -join ' ' | Should -Be 'contoso.com'
    }
    It 'is collected with the accepted domains that are given' {
        $results = @(Test-ExchangeControl -ControlId $selection -AcceptedDomain @($fixtureDomains | Where-Object { $_.Name -eq 'contoso.com' }))
        @($results | Where-Object { $_.Identity -eq 'Partner Litware' -and $_.ControlId -eq 'EDCA-TLS-011' })[0].Status | Should -Be 'Pass'
    }
    It 'may hold no connector at all' {
        Set-ExchangeStandIn -Connector @() -Domain $fixtureDomains
        @(Test-ExchangeControl -ControlId $selection).Count | Should -Be 0
        $results = @(Test-ExchangeControl -Offline)
        @($results | ForEach-Object { $_.TargetKind } | Sort-Object -Unique) -join ' ' | Should -Be 'AcceptedDomain'
    }
    It 'that is empty is not collected' {
        @(@() | Test-ExchangeControl).Count | Should -Be 0
        @($fixtureConnectors | Where-Object { $false } | Test-ExchangeControl).Count | Should -Be 0
        @(Test-ExchangeControl -InputObject @()).Count | Should -Be 0
        @(Test-ExchangeControl -InputObject $null).Count | Should -Be 0
        @($null | Test-ExchangeControl).Count | Should -Be 0
    }
    It 'of one connector gives one result for each control' {
        @($fixtureConnectors[0] | Test-ExchangeControl -ControlId 'EDCA-TLS-011').Count | Should -Be 1
    }
    It 'that is no Exchange object is an error, and the rest is tested' {
        $mixed = @('a text') + @($fixtureConnectors[0])
        $results = @($mixed | Test-ExchangeControl -ControlId 'EDCA-TLS-011' -ErrorVariable failures -ErrorAction SilentlyContinue)
        $results.Count | Should -Be 1
        @($failures).Count | Should -Be 1
        $failures[0].FullyQualifiedErrorId | Should -Be 'ExchangeControl.unknown-object,Test-ExchangeControl'
    }
}

Describe 'Without the Exchange commands' {
    BeforeAll {
        $fixtureConnectors = @(Get-ExchangeFixture 'send-connectors.remote.clixml')
        Remove-Module -Name 'ExchangeStandIn' -Force
    }
    AfterAll {
        Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'ExchangeStandIn.psm1') -Force
    }

    It 'collection is one error with the way out' {
        $failure = $null
        try { $null = Test-ExchangeControl -Offline }
        catch { $failure = $_ }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.ExchangeCommandNotFound,Test-ExchangeControl'
        $failure.CategoryInfo.Category | Should -Be 'ObjectNotFound'
        $failure.Exception.Message | Should -Match 'Get-SendConnector, Get-AcceptedDomain'
        $failure.Exception.Message | Should -Match 'Exchange Management Shell, pipe objects in, or name domains with -Domain'
    }
    It 'piped objects are tested' {
        @($fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011').Count | Should -Be 9
    }
    It 'domains are tested by their names, and nothing is collected' {
        $result = Test-ExchangeControl -Domain 'contoso.com' -Offline
        $result.ControlId | Should -Be 'EDCA-TLS-025'
        $result.TargetKind | Should -Be 'AcceptedDomain'
        $result.Identity | Should -BeOfType [string]
        $result.Identity | Should -Be 'contoso.com'
    }
}

Describe 'Errors' {
    BeforeAll {
        $fixtureConnectors = @(Get-ExchangeFixture 'send-connectors.remote.clixml')
    }

    It 'name an unknown control once, and the others are tested' {
        $results = @($fixtureConnectors |
                Test-ExchangeControl -ControlId 'EDCA-TLS-011', 'NO-SUCH-1' -ErrorVariable failures -ErrorAction SilentlyContinue)
        $results.Count | Should -Be 9
        @($failures).Count | Should -Be 1
        $failures[0].FullyQualifiedErrorId | Should -Be 'ExchangeControl.unknown-control,Test-ExchangeControl'
        $failures[0].Exception.Message | Should -Match 'NO-SUCH-1'
    }
    It 'do not hide behind an error preference when nothing can be tested' {
        $folder = [System.IO.Path]::Combine($TestDrive, 'no-such-folder')
        { $fixtureConnectors | Test-ExchangeControl -ControlPath $folder -ErrorAction SilentlyContinue } |
            Should -Throw -ErrorId 'ExchangeControl.ControlPathNotFound,Test-ExchangeControl'
    }
    It 'do not include a control that fails' {
        $null = $fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' -ErrorVariable failures
        @($failures).Count | Should -Be 0
    }
    It 'of a later command stay that command''s' {
        $failure = $null
        try { $fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' | ForEach-Object { throw 'later' } }
        catch { $failure = $_ }
        $failure.FullyQualifiedErrorId | Should -Be 'later'
        Get-LiveRunCount | Should -Be 0
    }
}

# Nothing in here asks anything but this machine.
Describe 'Domains' {
    BeforeAll {
        $fixtureConnectors = @(Get-ExchangeFixture 'send-connectors.remote.clixml')
        $fixtureDomains = @(Get-ExchangeFixture 'accepted-domains.remote.clixml')
    }

    It 'are Unknown with -Offline, and the reason says so' {
        $result = Test-ExchangeControl -Domain 'contoso.com' -Offline
        $result.Status | Should -Be 'Unknown'
        $result.Reason | Should -Match 'offline'
    }
    It 'are tested each, in their order' {
        $results = @(Test-ExchangeControl -Domain 'fabrikam.com', 'contoso.com' -Offline)
        @($results | ForEach-Object { $_.Identity }) -join ' ' | Should -Be 'fabrikam.com contoso.com'
    }
    It 'are added to what is piped in' {
        $results = @($fixtureConnectors | Test-ExchangeControl -Domain 'contoso.com' -Offline)
        @($results | Where-Object { $_.TargetKind -eq 'SendConnector' }).Count | Should -Be 18
        @($results | Where-Object { $_.TargetKind -eq 'AcceptedDomain' } | ForEach-Object { $_.Identity }) -join ' ' | Should -Be 'contoso.com'
    }
    It 'are tested when nothing comes down the pipeline' {
        @(@() | Test-ExchangeControl -Domain 'contoso.com' -Offline).Count | Should -Be 1
    }
    It 'of -AcceptedDomain are not tested themselves' {
        $results = @($fixtureConnectors | Test-ExchangeControl -AcceptedDomain $fixtureDomains -Offline)
        @($results | ForEach-Object { $_.TargetKind } | Sort-Object -Unique) -join ' ' | Should -Be 'SendConnector'
        @(Get-VerdictLine $results) -join "`n" | Should -Be ($expected -join "`n")
    }
    It 'of -AcceptedDomain are not tested beside -Domain either' {
        $results = @(Test-ExchangeControl -Domain 'tailspin.com' -AcceptedDomain $fixtureDomains -Offline)
        @($results | ForEach-Object { $_.Identity }) -join ' ' | Should -Be 'tailspin.com'
    }
    It 'that are piped in are tested' {
        $results = @($fixtureDomains | Where-Object { $_.Name -eq 'contoso.com' } | Test-ExchangeControl -Offline)
        @($results | ForEach-Object { $_.ControlId + ' ' + $_.Identity }) -join ', ' | Should -Be 'EDCA-TLS-025 contoso.com'
    }
    It 'are Unknown where no DNS server answers, and the run ends' {
        $result = Test-ExchangeControl -Domain 'contoso.com' -DnsServer (Get-DeadDnsServer) -Timeout 1
        $result.Status | Should -Be 'Unknown'
        $result.Reason | Should -Not -BeNullOrEmpty
        @($result.Issues | ForEach-Object { $_.Code }) | Should -Contain 'dns-error'
        Get-LiveRunCount | Should -Be 0
    }
    It 'show their issues in the list view' {
        $result = Test-ExchangeControl -Domain 'contoso.com' -DnsServer (Get-DeadDnsServer) -Timeout 1
        $list = $result | Format-List | Out-String -Width 200
        $list | Should -Match 'Issues\s*:'
        $list | Should -Match '[a-z]+ dns-error: '
        $list | Should -Match 'RemediationScript\s*:'
        $list | Should -Match 'RemediationCommand\s*:\s*\r?\n'
    }
    It 'report their progress, and end the report' {
        Mock -ModuleName 'ExchangeControl' -CommandName 'Write-Progress'
        $silent = New-LoopbackSocket
        try { $null = Test-ExchangeControl -Domain 'contoso.com' -DnsServer ([string] $silent.Client.LocalEndPoint) -Timeout 1 }
        finally { $silent.Close() }
        Should -Invoke -ModuleName 'ExchangeControl' -CommandName 'Write-Progress' -ParameterFilter {
            ($Status -eq '0 of 1') -and ($CurrentOperation -match '^(waiting|DNS) 1$')
        }
        Should -Invoke -ModuleName 'ExchangeControl' -CommandName 'Write-Progress' -Times 1 -Exactly -ParameterFilter { $Completed }
    }
    It 'show the stages that hold some' {
        $text = InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock {
            Format-RunStage ([pscustomobject] @{ waiting = 10; dns = 5; connect = 2; handshake = 0; headers = 1; body = 0 })
        }
        $text | Should -Be 'waiting 10, DNS 5, connect 2, headers 1'
    }
}

Describe 'Network settings' {
    It 'are sent as they were given' {
        $json = InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock {
            New-NetworkJson @{
                Offline = $true; DnsServer = @('192.0.2.1', '[2001:db8::1]:5353'); Timeout = 60; ThrottleLimit = 128
                TrustedRoot = 'Mozilla'; Proxy = 'http://proxy.contoso.com:8080'; AllowPrivateAddress = $true
            }
        }
        $json | Should -Be ('{"offline":true,"dnsServers":["192.0.2.1","[2001:db8::1]:5353"],"timeoutSeconds":60,"throttleLimit":128,' +
            '"roots":"mozilla","proxy":"http://proxy.contoso.com:8080","allowPrivateAddress":true}')
    }
    It 'are not sent where none was given' {
        InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock { New-NetworkJson @{ Domain = @('contoso.com'); Offline = [switch] $false } } |
            Should -Be ''
    }
    It 'name a certificate file by its full path' {
        $file = [System.IO.Path]::Combine($TestDrive, 'roots.pem')
        [System.IO.File]::WriteAllText($file, '')
        Push-Location -LiteralPath $TestDrive
        try {
            $json = InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock { New-NetworkJson @{ TrustedRoot = './roots.pem' } }
        }
        finally { Pop-Location }
        $path = (ConvertFrom-Json -InputObject $json).roots
        [System.IO.Path]::IsPathRooted($path) | Should -BeTrue
        [System.IO.File]::Exists($path) | Should -BeTrue
    }
    It 'that are wrong are an error that names the parameter: -<Name> <Value>' -ForEach @(
        @{ Name = 'DnsServer'; Value = 'no address' }
        @{ Name = 'DnsServer'; Value = '192.0.2.1:99999' }
        @{ Name = 'Proxy'; Value = 'socks5://proxy.contoso.com:1080' }
        @{ Name = 'Proxy'; Value = 'http://' }
    ) {
        $setting = @{ $Name = $Value }
        $failure = $null
        try { $null = Test-ExchangeControl -Domain 'contoso.com' -Offline @setting }
        catch { $failure = $_ }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.InvalidParameter,Test-ExchangeControl'
        $failure.CategoryInfo.Category | Should -Be 'InvalidArgument'
        $failure.Exception.Message | Should -Match "^-$Name cannot be used"
        Get-LiveRunCount | Should -Be 0
    }
    It 'that name no file are an error' {
        $file = [System.IO.Path]::Combine($TestDrive, 'no-such.pem')
        { Test-ExchangeControl -Domain 'contoso.com' -Offline -TrustedRoot $file } |
            Should -Throw -ErrorId 'ExchangeControl.TrustedRootNotFound,Test-ExchangeControl'
    }
    It 'are refused outside of their range: -<Name> <Value>' -ForEach @(
        @{ Name = 'Timeout'; Value = 0 }
        @{ Name = 'Timeout'; Value = 3601 }
        @{ Name = 'ThrottleLimit'; Value = 0 }
        @{ Name = 'ThrottleLimit'; Value = 1025 }
    ) {
        $setting = @{ $Name = $Value }
        { Test-ExchangeControl -Domain 'contoso.com' -Offline @setting } |
            Should -Throw -ErrorId 'ParameterArgumentValidationError,Test-ExchangeControl'
    }
}

Describe 'Accepted risks and comparison' {
    BeforeAll {
        $fixtureConnectors = @(Get-ExchangeFixture 'send-connectors.remote.clixml')
        $failed = @($fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' | Where-Object { $_.Status -eq 'Fail' })[0]
        $accepted = InModuleScope -ModuleName 'ExchangeControl' -Parameters @{ failed = $failed } -ScriptBlock {
            param($failed)
            $risk = '{"exception":{"justification":"Replaced in May","owner":"Mail team","expires":"2099-12-31"},"change":"stillFailing",'
            ConvertTo-ResultObject (ConvertFrom-AnswerJson ($risk + (ConvertTo-ResultJson $failed).Substring(1)))
        }
    }

    It 'are empty where nothing was given' {
        $failed.Exception | Should -BeNullOrEmpty
        $failed.Change | Should -BeNullOrEmpty
    }
    It 'are asked for with full paths' {
        $file = [System.IO.Path]::Combine($TestDrive, 'given.json')
        [System.IO.File]::WriteAllText($file, '{}')
        Mock -ModuleName 'ExchangeControl' -CommandName 'Invoke-ControlRun'
        Push-Location -LiteralPath $TestDrive
        try { $fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' -Exception './given.json' -Baseline 'given.json' -OnlyNew }
        finally { Pop-Location }
        Should -Invoke -ModuleName 'ExchangeControl' -CommandName 'Invoke-ControlRun' -Times 1 -Exactly -ParameterFilter {
            $sent = ConvertFrom-Json -InputObject $Request
            [System.IO.Path]::IsPathRooted($sent.exceptionsPath) -and [System.IO.File]::Exists($sent.baselinePath) -and $sent.onlyNew
        }
    }
    It 'come from a file of accepted risks, and warn of what is about nothing' {
        $file = [System.IO.Path]::Combine($TestDrive, 'risks.json')
        [System.IO.File]::WriteAllText($file, '{"exceptions":[' +
            '{"control":"EDCA-TLS-011","target":"Internet (leg*","justification":"Replaced in May","owner":"Mail team","expires":"2099-12-31"},' +
            '{"control":"EDCA-TLS-011","target":"No such connector","justification":"x","owner":"x","expires":"2099-12-31"}]}')
        $given = @{ ErrorVariable = 'failures'; WarningVariable = 'warnings'; WarningAction = 'SilentlyContinue' }
        $all = @($fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' -Exception $file @given)
        $covered = @($all | Where-Object { $null -ne $_.Exception })
        $covered.Count | Should -Be 1
        $covered[0].Identity | Should -Be 'Internet (legacy gateway)'
        $covered[0].Status | Should -Be 'Fail'
        $covered[0].Exception.Expires | Should -Be '2099-12-31'
        @($failures).Count | Should -Be 0
        @($warnings).Count | Should -Be 1
        [string] $warnings[0] | Should -Match 'No such connector'
    }
    It 'that were refused are errors' {
        $file = [System.IO.Path]::Combine($TestDrive, 'refused.json')
        [System.IO.File]::WriteAllText($file, '{"exceptions":[{"control":"EDCA-TLS-011"}]}')
        $null = $fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' -Exception $file -ErrorVariable failures -ErrorAction SilentlyContinue
        @($failures)[0].FullyQualifiedErrorId | Should -Be 'ExchangeControl.invalid-exception,Test-ExchangeControl'
    }
    It 'compare with an earlier report' {
        $file = [System.IO.Path]::Combine($TestDrive, 'earlier.json')
        $fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' | Export-ExchangeControlReport $file
        $again = @($fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' -Baseline $file)
        @($again | Where-Object { $_.Status -eq 'Fail' })[0].Change | Should -Be 'stillFailing'
        @($again | Where-Object { $_.Status -eq 'Pass' })[0].Change | Should -Be 'unchanged'
        @($fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' -Baseline $file -OnlyNew).Count | Should -Be 0
    }
    It 'stop where there is nothing to compare with' {
        $failure = $null
        try { $null = $fixtureConnectors | Test-ExchangeControl -ControlId 'EDCA-TLS-011' -OnlyNew }
        catch { $failure = $_ }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.InvalidParameter,Test-ExchangeControl'
        $failure.Exception.Message | Should -Match '^-OnlyNew cannot be used'
    }
    It 'stop where the file is missing: -<_>' -ForEach @('Exception', 'Baseline') {
        $name = $_
        $given = @{ $name = [System.IO.Path]::Combine($TestDrive, 'no-such.json') }
        { $fixtureConnectors | Test-ExchangeControl @given } | Should -Throw -ErrorId ("ExchangeControl.$name" + 'NotFound,Test-ExchangeControl')
    }
    It 'are objects of the result' {
        $accepted.Exception.PSObject.TypeNames[0] | Should -Be 'ExchangeControl.Exception'
        $accepted.Exception.Justification | Should -Be 'Replaced in May'
        $accepted.Exception.Owner | Should -Be 'Mail team'
        $accepted.Exception.Expires | Should -BeOfType [string]
        $accepted.Exception.Expires | Should -Be '2099-12-31'
        $accepted.Change | Should -Be 'stillFailing'
    }
    It 'show in the views, and leave the status as it is' {
        $accepted.Status | Should -Be 'Fail'
        $accepted | Format-Table | Out-String -Width 200 | Should -Match 'Fail \(accepted\)\s+EDCA-TLS-011'
        $failed | Format-Table | Out-String -Width 200 | Should -Match 'Fail\s+EDCA-TLS-011'
        $list = $accepted | Format-List | Out-String -Width 200
        $list | Should -Match 'Exception\s*: accepted until 2099-12-31 by Mail team: Replaced in May'
        $list | Should -Match 'Change\s*: stillFailing'
    }
}

Describe 'Stopping early' {
    It 'frees the run' {
        $fixtureConnectors = @(Get-ExchangeFixture 'send-connectors.remote.clixml')
        @($fixtureConnectors | Test-ExchangeControl | Select-Object -First 1).Count | Should -Be 1
        Get-LiveRunCount | Should -Be 0
    }
    It 'frees a run that asks the network' {
        $results = @(Test-ExchangeControl -Domain 'contoso.com', 'fabrikam.com' -DnsServer (Get-DeadDnsServer) -Timeout 1 | Select-Object -First 1)
        $results.Count | Should -Be 1
        Get-LiveRunCount | Should -Be 0
    }
    It 'does not wait for the network, as with Ctrl+C' {
        $null = Get-ExchangeControl
        $silent = New-LoopbackSocket
        $shell = [powershell]::Create()
        try {
            $script = 'param($manifest, $server) Import-Module -Name $manifest; Test-ExchangeControl -Domain contoso.com -DnsServer $server'
            $manifest = [System.IO.Path]::Combine($root, 'module', 'ExchangeControl', 'ExchangeControl.psd1')
            $null = $shell.AddScript($script).AddArgument($manifest).AddArgument(([string] $silent.Client.LocalEndPoint))
            $null = $shell.BeginInvoke()
            $clock = [System.Diagnostics.Stopwatch]::StartNew()
            while (((Get-LiveRunCount) -eq 0) -and ($clock.Elapsed.TotalSeconds -lt 10)) { Start-Sleep -Milliseconds 20 }
            Get-LiveRunCount | Should -Be 1
            $clock.Restart()
            $shell.Stop()
            $clock.ElapsedMilliseconds | Should -BeLessThan 1000
            Get-LiveRunCount | Should -Be 0
        }
        finally {
            $shell.Dispose()
            $silent.Close()
        }
    }
}
