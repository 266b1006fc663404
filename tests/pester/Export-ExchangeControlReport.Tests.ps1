# Reports: the way back from objects to JSON, the formats, and the files.

BeforeDiscovery {
    $onWindows = [Environment]::OSVersion.Platform -eq 'Win32NT'
    # As the library writes them. Without characters that only one of the two PowerShells escapes.
    $one = '{"controlId":"OWN-001","title":"A title","category":"Transport Security","severity":"High","severityWeight":8,"frameworks":["One"],' +
    '"target":{"kind":"SendConnector","identity":"Internet"},"status":"Fail","reason":"it is \"so\" \\ so","evidence":[{"field":"SmartHosts",' +
    '"operator":"in","expected":["a"],"actual":[1,2.5,true,null,"x",[]],"status":"Fail"}],"issues":[{"code":"c","severity":"warning","message":"m"}],' +
    '"remediation":{"automatable":true,"description":"d","parameters":{"SmartHosts":["only one"]},"command":"Set-SendConnector","script":"a\nb"},' +
    '"considerations":"","references":[{"name":"n","url":"https://example.com/"}],' +
    '"exception":{"justification":"j","owner":"o","expires":"2026-12-31"},"change":"stillFailing"}'
    $bare = '{"controlId":"OWN-002","title":"","category":"","severity":"Low","severityWeight":0,"frameworks":[],"target":{"kind":"AcceptedDomain",' +
    '"identity":""},"status":"Unknown","reason":"","evidence":[],"issues":[],"remediation":{"automatable":false,"description":"","parameters":{},' +
    '"command":null,"script":null},"considerations":"","references":[]}'
    $several = $bare.Replace('"parameters":{}', '"parameters":{"A":true,"B":25,"C":"text","D":["x","y"],"E":[]}').Replace(
        '"evidence":[]', '"evidence":[{"field":"F","operator":"count","expected":{"greater":1},"actual":null,"status":"Unknown"}]')
    $dates = $bare.Replace('"title":""', '"title":"2026-05-04T09:30:00Z"').Replace('"identity":""', '"identity":"/Date(1777887000000)/"').Replace(
        '"reason":""', '"reason":"2026-05-04"')
    $texts = @(
        @{ Name = 'with all members'; Text = $one }
        @{ Name = 'with none'; Text = $bare }
        @{ Name = 'with several parameters and a nested value'; Text = $several }
    )
    $saved = @(
        @{ Name = 'with all members'; Text = $one }
        @{ Name = 'with none'; Text = $bare }
    )
}

BeforeAll {
    $root = Split-Path -Path (Split-Path -Path $PSScriptRoot -Parent) -Parent
    Import-Module -Name ([System.IO.Path]::Combine($root, 'module', 'ExchangeControl', 'ExchangeControl.psd1')) -Force
    Import-Module -Name (Join-Path -Path $PSScriptRoot -ChildPath 'ExchangeStandIn.psm1') -Force
    $targets = @(Get-ExchangeFixture 'send-connectors.remote.clixml') + @(Get-ExchangeFixture 'accepted-domains.remote.clixml')
    $results = @($targets | Test-ExchangeControl -Offline)

    function New-ReportFolder {
        $folder = [System.IO.Path]::Combine($TestDrive, [guid]::NewGuid().ToString('N'))
        $null = [System.IO.Directory]::CreateDirectory($folder)
        $folder
    }

    function Get-ResultOf {
        param([string] $Text)
        InModuleScope -ModuleName 'ExchangeControl' -Parameters @{ text = $Text } -ScriptBlock {
            param($text)
            ConvertTo-ResultObject (ConvertFrom-AnswerJson $text)
        }
    }

    function Get-JsonOf {
        param([object] $Result)
        InModuleScope -ModuleName 'ExchangeControl' -Parameters @{ result = $Result } -ScriptBlock {
            param($result)
            ConvertTo-ResultJson $result
        }
    }

    function Get-Failure {
        param([scriptblock] $Script)
        try { $null = & $Script }
        catch { return $_ }
        return $null
    }
}

AfterAll {
    Remove-Module -Name 'ExchangeStandIn', 'ExchangeControl' -Force -ErrorAction SilentlyContinue
}

Describe 'The way back to JSON' {
    It 'gives what the library wrote: a result <Name>' -ForEach $texts {
        Get-JsonOf (Get-ResultOf $Text) | Should -BeExactly $Text
    }
    It 'gives the same after a trip through CLIXML: a result <Name>' -ForEach $saved {
        $file = [System.IO.Path]::Combine($TestDrive, 'one.clixml')
        Get-ResultOf $Text | Export-Clixml -LiteralPath $file
        Get-JsonOf (Import-Clixml -LiteralPath $file) | Should -BeExactly $Text
    }
    It 'gives the same after a trip through JSON: a result <Name>' -ForEach $saved {
        $json = ConvertTo-Json -InputObject (Get-ResultOf $Text) -Depth 8
        Get-JsonOf (ConvertFrom-Json -InputObject $json) | Should -BeExactly $Text
    }
    It 'keeps texts that look like dates' -ForEach @(@{ Text = $dates }) {
        $back = Get-ResultOf (Get-JsonOf (Get-ResultOf $Text))
        $back.Title | Should -BeOfType [string]
        $back.Title | Should -BeExactly '2026-05-04T09:30:00Z'
        $back.Identity | Should -BeExactly '/Date(1777887000000)/'
        $back.Reason | Should -BeExactly '2026-05-04'
    }
    It 'takes a list that ConvertTo-Json wrapped' {
        $result = $results[0].PSObject.Copy()
        $result.Frameworks = [pscustomobject] @{ value = @('One'); Count = 1 }
        Get-JsonOf $result | Should -Match ([regex]::Escape('"frameworks":["One"]'))
    }
    It 'takes every result of a test' {
        foreach ($result in $results) {
            $json = Get-JsonOf $result
            Get-JsonOf (Get-ResultOf $json) | Should -BeExactly $json
        }
    }
    It 'writes texts as JSON: <Text>' -ForEach @(
        @{ Text = 'plain'; Expected = '"plain"' }
        @{ Text = 'a"b\c'; Expected = '"a\"b\\c"' }
        @{ Text = "a`r`n`tb"; Expected = '"a\r\n\tb"' }
        @{ Text = "a$([char] 1)b$([char] 0x1F)"; Expected = '"a\u0001b\u001f"' }
        @{ Text = ''; Expected = '""' }
    ) {
        InModuleScope -ModuleName 'ExchangeControl' -Parameters @{ text = $Text } -ScriptBlock {
            param($text)
            ConvertTo-StringJson $text
        } | Should -BeExactly $Expected
    }
    It 'refuses what is no result' {
        $failure = Get-Failure { [pscustomobject] @{ ControlId = 'X'; Status = 'Pass' } | Export-ExchangeControlReport (Join-Path $TestDrive 'x.json') }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.NotAResult,Export-ExchangeControlReport'
        $failure.Exception.Message | Should -Match 'no TargetKind'
    }
    It 'refuses a result that has lost its evidence' {
        $json = ConvertTo-Json -InputObject $results[0] -Depth 1 -WarningAction SilentlyContinue
        $path = [System.IO.Path]::Combine($TestDrive, 'lost.json')
        Get-Failure { ConvertFrom-Json -InputObject $json | Export-ExchangeControlReport $path } | Should -Not -BeNullOrEmpty
        [System.IO.File]::Exists($path) | Should -BeFalse
    }
}

Describe 'The format' {
    It 'of <Path> is <Expected>' -ForEach @(
        @{ Path = 'a.txt'; Expected = 'table' }
        @{ Path = 'a.json'; Expected = 'json' }
        @{ Path = 'a.ndjson'; Expected = 'ndjson' }
        @{ Path = 'a.csv'; Expected = 'csv' }
        @{ Path = 'a.sarif'; Expected = 'sarif' }
        @{ Path = 'a.SARIF.json'; Expected = 'sarif' }
        @{ Path = 'a.xml'; Expected = 'junit' }
        @{ Path = 'a.ckl'; Expected = 'ckl' }
        @{ Path = 'a.cklb'; Expected = 'cklb' }
        @{ Path = 'a.md'; Expected = 'markdown' }
        @{ Path = 'a.html'; Expected = 'html' }
        @{ Path = 'a.HTM'; Expected = 'html' }
        @{ Path = 'a.b.JSON'; Expected = 'json' }
    ) {
        InModuleScope -ModuleName 'ExchangeControl' -Parameters @{ path = $Path } -ScriptBlock {
            param($path)
            Get-ReportFormat -Path $path -Format ''
        } | Should -BeExactly $Expected
    }
    It 'that is named goes before the extension' {
        InModuleScope -ModuleName 'ExchangeControl' -ScriptBlock { Get-ReportFormat -Path 'a.xml' -Format 'JSON' } | Should -BeExactly 'json'
    }
    It 'of another extension is not known: <_>' -ForEach @('report', 'report.pdf', 'report.') {
        $path = [System.IO.Path]::Combine($TestDrive, $_)
        $failure = Get-Failure { $results | Export-ExchangeControlReport -Path $path }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.UnknownReportFormat,Export-ExchangeControlReport'
        $failure.Exception.Message | Should -Match '\.sarif'
    }
    It 'can be written: <_>' -ForEach @('table', 'json', 'ndjson', 'csv', 'sarif', 'junit', 'ckl', 'cklb', 'markdown', 'html') {
        $path = [System.IO.Path]::Combine((New-ReportFolder), "report.$_")
        $results | Export-ExchangeControlReport -Path $path -Format $_ | Should -BeNullOrEmpty
        [System.IO.File]::ReadAllText($path) | Should -Match 'EDCA-TLS-011|SV-221218|V-221218'
    }
}

Describe 'A report' {
    BeforeEach {
        $folder = New-ReportFolder
        $path = [System.IO.Path]::Combine($folder, 'report.json')
    }

    It 'has all results, and what they come to' {
        $results | Export-ExchangeControlReport $path
        $document = ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($path))
        @($document.results).Count | Should -Be $results.Count
        $document.summary.counts.Fail | Should -Be @($results | Where-Object { $_.Status -eq 'Fail' }).Count
    }
    It 'of no results is a report too' {
        @() | Export-ExchangeControlReport $path
        @((ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($path))).results | Where-Object { $null -ne $_ }).Count | Should -Be 0
    }
    It 'takes results with -InputObject' {
        Export-ExchangeControlReport -Path $path -InputObject $results
        @((ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($path))).results).Count | Should -Be $results.Count
    }
    It 'takes saved results' {
        $file = [System.IO.Path]::Combine($folder, 'results.clixml')
        $results | Export-Clixml -LiteralPath $file
        Import-Clixml -LiteralPath $file | Export-ExchangeControlReport $path
        @((ConvertFrom-Json -InputObject ([System.IO.File]::ReadAllText($path))).results).Count | Should -Be $results.Count
    }
    It 'is given as a file with -PassThru, and not without' {
        $results | Export-ExchangeControlReport $path | Should -BeNullOrEmpty
        $file = $results | Export-ExchangeControlReport $path -PassThru
        $file | Should -BeOfType [System.IO.FileInfo]
        $file.FullName | Should -Be $path
    }
    It 'takes the place of an earlier one' {
        [System.IO.File]::WriteAllText($path, 'earlier')
        $results | Export-ExchangeControlReport $path
        [System.IO.File]::ReadAllText($path) | Should -Match '"schemaVersion"'
        [System.IO.Directory]::GetFiles($folder).Length | Should -Be 1
    }
    It 'does not take the place of an earlier one with -NoClobber' {
        [System.IO.File]::WriteAllText($path, 'earlier')
        $failure = Get-Failure { $results | Export-ExchangeControlReport $path -NoClobber }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.ReportExists,Export-ExchangeControlReport'
        [System.IO.File]::ReadAllText($path) | Should -Be 'earlier'
        [System.IO.Directory]::GetFiles($folder).Length | Should -Be 1
    }
    It 'is written with -NoClobber where there is none' {
        $results | Export-ExchangeControlReport $path -NoClobber
        [System.IO.File]::Exists($path) | Should -BeTrue
    }
    It 'is not written with -WhatIf' {
        $results | Export-ExchangeControlReport $path -WhatIf -PassThru | Should -BeNullOrEmpty
        [System.IO.Directory]::GetFiles($folder).Length | Should -Be 0
    }
    It 'is not written in a script that runs with $WhatIfPreference' {
        & {
            $WhatIfPreference = $true
            $results | Export-ExchangeControlReport $path
        }
        [System.IO.Directory]::GetFiles($folder).Length | Should -Be 0
    }
    It 'is written as the bytes that the library gives' {
        Mock -ModuleName 'ExchangeControl' -CommandName 'Get-NativeReport' -MockWith { return , [byte[]] @(0xEF, 0xBB, 0xBF, 0x41, 0x0D, 0x0A, 0xC3, 0xBC) }
        $results | Export-ExchangeControlReport $path
        [BitConverter]::ToString([System.IO.File]::ReadAllBytes($path)) | Should -Be 'EF-BB-BF-41-0D-0A-C3-BC'
    }
    It 'that the library refuses leaves the earlier file' {
        [System.IO.File]::WriteAllText($path, 'earlier')
        Mock -ModuleName 'ExchangeControl' -CommandName 'Get-NativeReport' -MockWith { throw 'no report' }
        Get-Failure { $results | Export-ExchangeControlReport $path } | Should -Not -BeNullOrEmpty
        [System.IO.File]::ReadAllText($path) | Should -Be 'earlier'
        [System.IO.Directory]::GetFiles($folder).Length | Should -Be 1
    }
    It 'that cannot be put in its place is one error, and leaves nothing behind' -Skip:($PSVersionTable.PSEdition -eq 'Desktop') {
        # Windows PowerShell refuses such a name before it comes to that.
        $long = [System.IO.Path]::Combine($folder, ('x' * 300) + '.json')
        $failure = Get-Failure { $results | Export-ExchangeControlReport $long }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.ReportNotWritten,Export-ExchangeControlReport'
        $failure.CategoryInfo.Category | Should -Be 'WriteError'
        [System.IO.Directory]::GetFiles($folder).Length | Should -Be 0
    }
    It 'that another program holds open stays as it was' -Skip:(-not $onWindows) {
        [System.IO.File]::WriteAllText($path, 'earlier')
        $held = [System.IO.FileStream]::new($path, [System.IO.FileMode]::Open, [System.IO.FileAccess]::Read, [System.IO.FileShare]::Read)
        try { $failure = Get-Failure { $results | Export-ExchangeControlReport $path } }
        finally { $held.Dispose() }
        $failure.FullyQualifiedErrorId | Should -Be 'ExchangeControl.ReportNotWritten,Export-ExchangeControlReport'
        [System.IO.File]::ReadAllText($path) | Should -Be 'earlier'
        [System.IO.Directory]::GetFiles($folder).Length | Should -Be 1
    }
    It 'is written where PowerShell is, and under its name as it is' {
        Push-Location -LiteralPath $folder
        try { $results | Export-ExchangeControlReport 'report[1].json' }
        finally { Pop-Location }
        [System.IO.File]::Exists([System.IO.Path]::Combine($folder, 'report[1].json')) | Should -BeTrue
    }
    It 'is not written where it cannot be: <Name>' -ForEach @(
        @{ Name = 'a folder that is not there'; Path = 'none/report.json'; Id = 'ReportFolderNotFound' }
        @{ Name = 'a folder'; Path = ''; Id = 'ReportPathIsFolder' }
        @{ Name = 'no file system'; Path = 'Env:/report.json'; Id = 'ReportPathNotFileSystem' }
    ) {
        $wrong = $Path
        if ($Path -notlike 'Env:*') { $wrong = [System.IO.Path]::Combine($folder, $Path) }
        $failure = Get-Failure { $results | Export-ExchangeControlReport -Path $wrong }
        $failure.FullyQualifiedErrorId | Should -Be "ExchangeControl.$Id,Export-ExchangeControlReport"
    }
    It 'is asked for with what was given' {
        $file = [System.IO.Path]::Combine($folder, 'given.json')
        [System.IO.File]::WriteAllText($file, '{}')
        Mock -ModuleName 'ExchangeControl' -CommandName 'Get-NativeReport' -MockWith { return , [byte[]] @(1) }
        $results | Export-ExchangeControlReport $path -TrendPath $folder -Exception $file -Baseline $file -OnlyNew -ControlPath $folder
        Should -Invoke -ModuleName 'ExchangeControl' -CommandName 'Get-NativeReport' -Times 1 -Exactly -ParameterFilter {
            $sent = ConvertFrom-Json -InputObject $Request
            ($sent.format -eq 'json') -and ($sent.trendPath -eq $folder) -and ($sent.exceptionsPath -eq $file) -and ($sent.baselinePath -eq $file) -and
            $sent.onlyNew -and ($sent.controlPaths[0] -eq $folder) -and ($null -eq $sent.PSObject.Properties['checklist'])
        }
    }
    It 'is asked for with nothing that was not given' {
        Mock -ModuleName 'ExchangeControl' -CommandName 'Get-NativeReport' -MockWith { return , [byte[]] @(1) }
        $results | Export-ExchangeControlReport $path
        Should -Invoke -ModuleName 'ExchangeControl' -CommandName 'Get-NativeReport' -Times 1 -Exactly -ParameterFilter {
            @((ConvertFrom-Json -InputObject $Request).PSObject.Properties | ForEach-Object { $_.Name }) -join ' ' -eq 'format results'
        }
    }
    It 'updates a checklist that is there' {
        $checklist = [System.IO.Path]::Combine($folder, 'exchange.cklb')
        [System.IO.File]::WriteAllText($checklist, '{"title":"earlier"}')
        Mock -ModuleName 'ExchangeControl' -CommandName 'Get-NativeReport' -MockWith { return , [byte[]] @(1) }
        $results | Export-ExchangeControlReport $checklist
        Should -Invoke -ModuleName 'ExchangeControl' -CommandName 'Get-NativeReport' -Times 1 -Exactly -ParameterFilter {
            (ConvertFrom-Json -InputObject $Request).checklist -eq '{"title":"earlier"}'
        }
    }
    It 'stops before the results come where a file is missing: -<_>' -ForEach @('Exception', 'Baseline', 'TrendPath', 'ControlPath') {
        $name = $_
        $given = @{ $name = [System.IO.Path]::Combine($folder, 'none') }
        $came = @{ Any = $false }
        $failure = Get-Failure { 1 | ForEach-Object { $came['Any'] = $true; $results[0] } | Export-ExchangeControlReport $path @given }
        $failure.FullyQualifiedErrorId | Should -Be ("ExchangeControl.$name" + 'NotFound,Export-ExchangeControlReport')
        $came['Any'] | Should -BeFalse
    }
}
