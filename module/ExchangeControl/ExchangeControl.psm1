# ExchangeControl: the PowerShell side of the exchange_control library.
#
# What is here: loading the library, turning objects into JSON and answers into objects, writing reports, and the commands.
# What is not here: any judgement about a connector. Controls, conditions, destinations and fixes belong to the library.
#
# Written for Windows PowerShell 5.1 and PowerShell 7. One file with an exact export list, so that it also loads under
# application control policies.
Set-StrictMode -Version 2.0

# The version of the C interface that the signatures below were written for.
$script:AbiVersion = 1
# The generated type with the native methods; empty until a command first needs it, so that help works without the library.
$script:Native = $null

# Status codes of the native calls. Everything from FirstError on is an error.
$script:StatusDone = 2
$script:FirstError = 16

# A private-use character that protects texts from ConvertFrom-Json; see ConvertFrom-AnswerJson.
$script:TextMark = [char] 0xE000

# Properties that never leave the object, whatever a control asks for: credentials, and serialized copies of whole objects.
$script:NeverSent = @('AuthenticationCredential', 'SerializationData')

# Milliseconds between two displays of the progress, which is slow to draw in Windows PowerShell.
$script:ProgressInterval = 200

# The parameter that a member of a request comes from, so that an error names what the user typed.
$script:RequestParameter = @{
    domains             = 'Domain'
    dnsServers          = 'DnsServer'
    timeoutSeconds      = 'Timeout'
    throttleLimit       = 'ThrottleLimit'
    roots               = 'TrustedRoot'
    proxy               = 'Proxy'
    allowPrivateAddress = 'AllowPrivateAddress'
    offline             = 'Offline'
    exceptionsPath      = 'Exception'
    baselinePath        = 'Baseline'
    onlyNew             = 'OnlyNew'
    format              = 'Format'
    trendPath           = 'TrendPath'
    checklist           = 'Path'
}

# The formats of reports, each with the extension that stands for it.
$script:ReportExtension = [ordered] @{
    table    = '.txt'
    json     = '.json'
    ndjson   = '.ndjson'
    csv      = '.csv'
    sarif    = '.sarif'
    junit    = '.xml'
    ckl      = '.ckl'
    cklb     = '.cklb'
    markdown = '.md'
    html     = '.html'
}

# Entries of an "errors" list that only tell something: an accepted risk that is over or is about nothing, an earlier document that
# was left out.
$script:WarningCode = @('expired-exception', 'unmatched-exception', 'skipped-document')

# What a fix may set: the settings that Set-SendConnector documents. Left out on purpose: AddressSpaces and Name (a fix must not
# redirect or rename a connector), AuthenticationCredential, and the parameters that steer the command itself.
$script:RepairParameter = @(
    'CloudServicesMailEnabled', 'Comment', 'ConnectionInactivityTimeOut', 'DNSRoutingEnabled', 'DomainSecureEnabled', 'Enabled',
    'ErrorPolicies', 'ForceHELO', 'Fqdn', 'FrontendProxyEnabled', 'IgnoreSTARTTLS', 'IsScopedConnector', 'MaxMessageSize', 'Port',
    'ProtocolLoggingLevel', 'RequireOorg', 'RequireTLS', 'SmartHostAuthMechanism', 'SmartHosts', 'SmtpMaxMessagesPerConnection',
    'SourceIPAddress', 'SourceTransportServers', 'TlsAuthLevel', 'TlsCertificateName', 'TlsDomain', 'UseExternalDNSServersEnabled'
)

#region Errors

# Everything that goes wrong is an ErrorRecord with a stable id. Functions in here throw it; the commands report it.
function New-ControlError {
    param(
        [string] $Code,
        [string] $Message,
        [System.Management.Automation.ErrorCategory] $Category,
        [object] $Target
    )
    $exception = [System.InvalidOperationException]::new($Message)
    [System.Management.Automation.ErrorRecord]::new($exception, "ExchangeControl.$Code", $Category, $Target)
}

# The category for an error code of the library.
function Get-ErrorCategory {
    param([string] $Code)
    if ($Code -eq 'unknown-control') { return [System.Management.Automation.ErrorCategory]::ObjectNotFound }
    if ($Code -eq 'unknown-object') { return [System.Management.Automation.ErrorCategory]::InvalidType }
    if ($Code -like 'unreadable-*') { return [System.Management.Automation.ErrorCategory]::ReadError }
    [System.Management.Automation.ErrorCategory]::InvalidData
}

# An entry of an "errors" list: a control file that was refused, an unknown control id, an object that is no target.
function New-ListedError {
    param([object] $Entry)
    $code = [string] (Get-PropertyValue $Entry 'code')
    $message = [string] (Get-PropertyValue $Entry 'message')
    $places = @()
    $source = [string] (Get-PropertyValue $Entry 'source')
    $line = [string] (Get-PropertyValue $Entry 'line')
    $path = [string] (Get-PropertyValue $Entry 'path')
    if ($source -ne '') { $places += $source }
    if ($line -ne '') { $places += "line $line" }
    if ($path -ne '') { $places += "at $path" }
    if ($places.Count -gt 0) { $message = $message + ' (' + ($places -join ', ') + ')' }
    New-ControlError -Code $code -Message $message -Category (Get-ErrorCategory $code) -Target $Entry
}

# The parameter that a place in a request stands for (/network/dnsServers/0 is DnsServer), or nothing.
function Get-RequestParameter {
    param([string] $Path)
    if ($Path -match '^/(?:network/)?([A-Za-z]+)') { $script:RequestParameter[$Matches[1]] }
}

# An error status of a native call, with the {"error":{...}} that came with it.
function New-StatusError {
    param([uint32] $Status, [string] $Text)
    $code = "status-$Status"
    $message = "The exchange_control library answered with status $Status and no explanation."
    if ($Text -ne '') {
        $details = Get-PropertyValue (ConvertFrom-AnswerJson $Text) 'error'
        if ($null -ne $details) {
            $code = [string] (Get-PropertyValue $details 'code')
            $message = [string] (Get-PropertyValue $details 'message')
            $path = [string] (Get-PropertyValue $details 'path')
            $parameter = [string] (Get-RequestParameter $path)
            if ($parameter -ne '') {
                $code = 'InvalidParameter'
                $message = "-$parameter cannot be used as it is given: $message"
            }
            elseif ($path -ne '') {
                $message = "$message (at $path)"
            }
        }
    }
    $category = switch ($Status) {
        16 { 'InvalidArgument' }
        17 { 'InvalidData' }
        18 { 'InvalidArgument' }
        19 { 'ObjectNotFound' }
        default { 'NotSpecified' }
    }
    New-ControlError -Code $code -Message $message -Category $category -Target $null
}

# Ends the command that the user called (not the inner function), or throws where an inner caller wants to go on.
function Stop-Caller {
    param(
        [System.Management.Automation.PSCmdlet] $Caller,
        [System.Management.Automation.ErrorRecord] $ErrorRecord
    )
    if ($null -ne $Caller) { $Caller.ThrowTerminatingError($ErrorRecord) }
    throw $ErrorRecord
}

# Reports the entries of an "errors" list once each: the same entry can come with the catalog, the start and the end of a run.
function Write-ListedError {
    param(
        [System.Management.Automation.PSCmdlet] $Caller,
        [object[]] $Entry,
        [System.Collections.Generic.HashSet[string]] $Reported
    )
    if ($null -eq $Caller) { return }
    foreach ($item in $Entry) {
        $record = New-ListedError $item
        if (-not $Reported.Add($record.FullyQualifiedErrorId + '|' + $record.Exception.Message)) { continue }
        if ($script:WarningCode -contains [string] (Get-PropertyValue $item 'code')) { $Caller.WriteWarning($record.Exception.Message) }
        else { $Caller.WriteError($record) }
    }
}

#endregion
#region Objects

# A property's value, or $null where there is no such property. The comma keeps a list a list, also one of a single element.
function Get-PropertyValue {
    param([object] $InputObject, [string] $Name)
    if ($null -eq $InputObject) { return $null }
    $property = $InputObject.PSObject.Properties[$Name]
    if ($null -eq $property) { return $null }
    return , $property.Value
}

# A property's elements, none where it is missing or null. Use it as @(Get-PropertyList ...).
function Get-PropertyList {
    param([object] $InputObject, [string] $Name)
    $value = Get-PropertyValue $InputObject $Name
    if ($null -eq $value) { return }
    foreach ($element in $value) { $element }
}

# Parses an answer. PowerShell 7 turns every string that looks like a date into a [datetime] and Windows PowerShell does the same with
# another notation; a connector may be called 2026-05-04T09:30:00. So such strings get a mark in front, which is taken off again.
# A quote that no backslash precedes and a digit, slash or mark follows always opens a string.
function ConvertFrom-AnswerJson {
    param([string] $Text)
    $pattern = '(?<!\\)"(?=[0-9]{4}-[0-9]{2}-[0-9]{2}T|\\?/Date\(|' + $script:TextMark + ')'
    if (-not [regex]::IsMatch($Text, $pattern)) { return (ConvertFrom-Json -InputObject $Text) }
    $marked = [regex]::Replace($Text, $pattern, '"' + $script:TextMark)
    Remove-TextMark (ConvertFrom-Json -InputObject $marked)
}

function Remove-TextMark {
    param([object] $Value)
    if ($Value -is [string]) {
        if ($Value.Length -gt 0 -and $Value[0] -eq $script:TextMark) { return $Value.Substring(1) }
        return $Value
    }
    if ($Value -is [array]) {
        $elements = [object[]]::new($Value.Length)
        for ($index = 0; $index -lt $Value.Length; $index++) { $elements[$index] = Remove-TextMark $Value[$index] }
        return , $elements
    }
    if ($Value -is [System.Management.Automation.PSCustomObject]) {
        foreach ($property in @($Value.PSObject.Properties)) { $property.Value = Remove-TextMark $property.Value }
    }
    return $Value
}

# The parameters of a fix as a dictionary: ready to splat, and the same after a trip through JSON (an object) or CLIXML (a dictionary).
# Dictionaries are walked by GetEnumerator, as .Keys would be an entry called Keys if there is one.
function ConvertTo-ParameterTable {
    param([object] $Parameter)
    $table = [ordered] @{}
    if ($Parameter -is [System.Collections.IDictionary]) {
        foreach ($entry in $Parameter.GetEnumerator()) { $table[[string] $entry.Key] = $entry.Value }
    }
    elseif ($null -ne $Parameter) {
        foreach ($property in @($Parameter.PSObject.Properties)) { $table[$property.Name] = $property.Value }
    }
    $table
}

function ConvertTo-EvidenceObject {
    param([object] $Leaf)
    [pscustomobject] @{
        PSTypeName = 'ExchangeControl.Evidence'
        Field      = Get-PropertyValue $Leaf 'field'
        Operator   = Get-PropertyValue $Leaf 'operator'
        Expected   = Get-PropertyValue $Leaf 'expected'
        Actual     = Get-PropertyValue $Leaf 'actual'
        Status     = Get-PropertyValue $Leaf 'status'
    }
}

function ConvertTo-IssueObject {
    param([object] $Issue)
    [pscustomobject] @{
        PSTypeName = 'ExchangeControl.Issue'
        Severity   = Get-PropertyValue $Issue 'severity'
        Code       = Get-PropertyValue $Issue 'code'
        Message    = Get-PropertyValue $Issue 'message'
    }
}

# The accepted risk that covers a result, or $null.
function ConvertTo-ExceptionObject {
    param([object] $Exception)
    if ($null -eq $Exception) { return $null }
    [pscustomobject] @{
        PSTypeName    = 'ExchangeControl.Exception'
        Justification = Get-PropertyValue $Exception 'justification'
        Owner         = Get-PropertyValue $Exception 'owner'
        Expires       = Get-PropertyValue $Exception 'expires'
    }
}

function ConvertTo-ReferenceObject {
    param([object] $Reference)
    [pscustomobject] @{
        PSTypeName = 'ExchangeControl.Reference'
        Name       = Get-PropertyValue $Reference 'name'
        Url        = Get-PropertyValue $Reference 'url'
    }
}

# One result, flattened. Identity is the only property that is named like a parameter of Set-SendConnector, so that a result piped
# there binds its connector and nothing else.
function ConvertTo-ResultObject {
    param([object] $Result)
    $target = Get-PropertyValue $Result 'target'
    $remediation = Get-PropertyValue $Result 'remediation'
    [pscustomobject] @{
        PSTypeName             = 'ExchangeControl.Result'
        ControlId              = [string] (Get-PropertyValue $Result 'controlId')
        Title                  = [string] (Get-PropertyValue $Result 'title')
        Category               = [string] (Get-PropertyValue $Result 'category')
        Severity               = [string] (Get-PropertyValue $Result 'severity')
        SeverityWeight         = Get-PropertyValue $Result 'severityWeight'
        Frameworks             = [string[]] @(Get-PropertyList $Result 'frameworks')
        TargetKind             = [string] (Get-PropertyValue $target 'kind')
        Identity               = [string] (Get-PropertyValue $target 'identity')
        Status                 = [string] (Get-PropertyValue $Result 'status')
        Reason                 = [string] (Get-PropertyValue $Result 'reason')
        Evidence               = [object[]] @(Get-PropertyList $Result 'evidence' | ForEach-Object { ConvertTo-EvidenceObject $_ })
        Issues                 = [object[]] @(Get-PropertyList $Result 'issues' | ForEach-Object { ConvertTo-IssueObject $_ })
        Automatable            = [bool] (Get-PropertyValue $remediation 'automatable')
        RemediationDescription = [string] (Get-PropertyValue $remediation 'description')
        RemediationParameters  = ConvertTo-ParameterTable (Get-PropertyValue $remediation 'parameters')
        RemediationCommand     = Get-PropertyValue $remediation 'command'
        RemediationScript      = Get-PropertyValue $remediation 'script'
        Considerations         = [string] (Get-PropertyValue $Result 'considerations')
        References             = [object[]] @(Get-PropertyList $Result 'references' | ForEach-Object { ConvertTo-ReferenceObject $_ })
        Exception              = ConvertTo-ExceptionObject (Get-PropertyValue $Result 'exception')
        Change                 = Get-PropertyValue $Result 'change'
    }
}

# The way back: a result, also one that was saved, as the JSON that it came from.
function ConvertTo-ResultJson {
    param([object] $Result)
    foreach ($name in 'ControlId', 'TargetKind', 'Identity', 'Status') {
        if ($null -eq (Get-PropertyValue $Result $name)) {
            throw (New-ControlError -Code 'NotAResult' -Category InvalidArgument -Target $Result -Message (
                    "This object is not a result of Test-ExchangeControl: it has no $name. Pipe the results of Test-ExchangeControl in."))
        }
    }
    $frameworks = [System.Collections.Generic.List[object]]::new()
    foreach ($framework in @(Get-SavedList $Result 'Frameworks')) { $frameworks.Add((ConvertTo-PlainValue $framework)) }
    $evidence = [System.Collections.Generic.List[object]]::new()
    foreach ($leaf in @(Get-SavedList $Result 'Evidence')) {
        $evidence.Add([ordered] @{
                field    = Get-SavedText $leaf 'Field'
                operator = Get-SavedText $leaf 'Operator'
                expected = ConvertTo-PlainValue (Get-PropertyValue $leaf 'Expected')
                actual   = ConvertTo-PlainValue (Get-PropertyValue $leaf 'Actual')
                status   = Get-SavedText $leaf 'Status'
            })
    }
    $issues = [System.Collections.Generic.List[object]]::new()
    foreach ($issue in @(Get-SavedList $Result 'Issues')) {
        $issues.Add([ordered] @{
                code     = Get-SavedText $issue 'Code'
                severity = Get-SavedText $issue 'Severity'
                message  = Get-SavedText $issue 'Message'
            })
    }
    $references = [System.Collections.Generic.List[object]]::new()
    foreach ($reference in @(Get-SavedList $Result 'References')) {
        $references.Add([ordered] @{ name = Get-SavedText $reference 'Name'; url = Get-SavedText $reference 'Url' })
    }
    # Only a real Boolean counts: the text "False" of a CSV file would be true.
    $automatable = Get-PropertyValue $Result 'Automatable'
    $members = [ordered] @{
        controlId      = Get-SavedText $Result 'ControlId'
        title          = Get-SavedText $Result 'Title'
        category       = Get-SavedText $Result 'Category'
        severity       = Get-SavedText $Result 'Severity'
        severityWeight = ConvertTo-PlainValue (Get-PropertyValue $Result 'SeverityWeight')
        frameworks     = $frameworks
        target         = [ordered] @{ kind = Get-SavedText $Result 'TargetKind'; identity = Get-SavedText $Result 'Identity' }
        status         = Get-SavedText $Result 'Status'
        reason         = Get-SavedText $Result 'Reason'
        evidence       = $evidence
        issues         = $issues
        remediation    = [ordered] @{
            automatable = ($automatable -is [bool]) -and $automatable
            description = Get-SavedText $Result 'RemediationDescription'
            parameters  = ConvertTo-PlainValue (ConvertTo-ParameterTable (Get-PropertyValue $Result 'RemediationParameters'))
            command     = ConvertTo-PlainValue (Get-PropertyValue $Result 'RemediationCommand')
            script      = ConvertTo-PlainValue (Get-PropertyValue $Result 'RemediationScript')
        }
        considerations = Get-SavedText $Result 'Considerations'
        references     = $references
    }
    $exception = Get-PropertyValue $Result 'Exception'
    if ($null -ne $exception) {
        $members['exception'] = [ordered] @{
            justification = Get-SavedText $exception 'Justification'
            owner         = Get-SavedText $exception 'Owner'
            expires       = Get-SavedText $exception 'Expires'
        }
    }
    $change = Get-PropertyValue $Result 'Change'
    if ($null -ne $change) { $members['change'] = Get-SavedText $Result 'Change' }
    ConvertTo-Json -InputObject $members -Depth 100 -Compress
}

function Get-SavedText {
    param([object] $InputObject, [string] $Name)
    [string] (ConvertTo-PlainValue (Get-PropertyValue $InputObject $Name))
}

# A list's elements, also where ConvertTo-Json wrapped it. Use it as @(Get-SavedList ...).
function Get-SavedList {
    param([object] $InputObject, [string] $Name)
    Expand-InputObject (Get-PropertyValue $InputObject $Name)
}

# A value that once was JSON, live or saved, in the kinds that ConvertTo-Json writes alike in every PowerShell. Lists become
# generic ones, which Windows PowerShell does not wrap, and of one element they stay lists.
function ConvertTo-PlainValue {
    param($Value)
    if ($Value -is [System.Collections.IDictionary]) {
        $members = [ordered] @{}
        foreach ($entry in $Value.GetEnumerator()) { $members[[string] $entry.Key] = ConvertTo-PlainValue $entry.Value }
        return $members
    }
    $wrapped = Test-ListWrapper $Value
    if (($Value -is [System.Management.Automation.PSCustomObject]) -and (-not $wrapped)) {
        $members = [ordered] @{}
        foreach ($property in @($Value.PSObject.Properties)) { $members[$property.Name] = ConvertTo-PlainValue $property.Value }
        return $members
    }
    if ($wrapped) { $Value = Get-PropertyValue $Value 'value' }
    if (($Value -is [System.Collections.IEnumerable]) -and (-not ($Value -is [string]))) {
        $list = [System.Collections.Generic.List[object]]::new()
        foreach ($element in $Value) { $list.Add((ConvertTo-PlainValue $element)) }
        return , $list
    }
    ConvertTo-WireValue $Value 0
}

function ConvertTo-ControlObject {
    param([object] $Control)
    $remediation = Get-PropertyValue $Control 'remediation'
    [pscustomobject] @{
        PSTypeName             = 'ExchangeControl.Control'
        Id                     = [string] (Get-PropertyValue $Control 'id')
        Title                  = [string] (Get-PropertyValue $Control 'title')
        Description            = [string] (Get-PropertyValue $Control 'description')
        Verify                 = [bool] (Get-PropertyValue $Control 'verify')
        Subject                = [string] (Get-PropertyValue $Control 'subject')
        Category               = [string] (Get-PropertyValue $Control 'category')
        Severity               = [string] (Get-PropertyValue $Control 'severity')
        SeverityWeight         = Get-PropertyValue $Control 'severityWeight'
        Frameworks             = [string[]] @(Get-PropertyList $Control 'frameworks')
        TargetKind             = [string] (Get-PropertyValue $Control 'target')
        Probe                  = Get-PropertyValue $Control 'probe'
        Check                  = Get-PropertyValue $Control 'check'
        Automatable            = [bool] (Get-PropertyValue $remediation 'automatable')
        RemediationDescription = [string] (Get-PropertyValue $remediation 'description')
        RemediationScript      = Get-PropertyValue $remediation 'scriptTemplate'
        Considerations         = [string] (Get-PropertyValue $Control 'considerations')
        References             = [object[]] @(Get-PropertyList $Control 'references' | ForEach-Object { ConvertTo-ReferenceObject $_ })
        Roles                  = [string[]] @(Get-PropertyList $Control 'roles')
        Source                 = [string] (Get-PropertyValue $Control 'source')
        Warnings               = [string[]] @(Get-PropertyList $Control 'warnings')
    }
}

#endregion
#region Exchange objects to JSON

# Takes lists apart: Windows PowerShell's ConvertFrom-Json hands a whole array over as one object, and its ConvertTo-Json can have
# wrapped a list as {"value":[...],"Count":n}.
function Expand-InputObject {
    param([object[]] $InputObject)
    foreach ($item in $InputObject) {
        if ($null -eq $item) { continue }
        if (Test-ListWrapper $item) {
            foreach ($element in @(Get-PropertyList $item 'value')) { $element }
        }
        else {
            $item
        }
    }
}

function Test-ListWrapper {
    param([object] $Value)
    if (-not ($Value -is [System.Management.Automation.PSCustomObject])) { return $false }
    if (@($Value.PSObject.Properties).Count -ne 2) { return $false }
    ($null -ne $Value.PSObject.Properties['value']) -and ($null -ne $Value.PSObject.Properties['Count'])
}

function Test-Number {
    param($Value)
    ($Value -is [int]) -or ($Value -is [long]) -or ($Value -is [double]) -or ($Value -is [decimal]) -or ($Value -is [single]) -or
    ($Value -is [uint32]) -or ($Value -is [uint64]) -or ($Value -is [int16]) -or ($Value -is [uint16]) -or
    ($Value -is [byte]) -or ($Value -is [sbyte])
}

# One value as bool, number, text, list or (see below) dictionary: all that ConvertTo-Json writes alike in every PowerShell.
# The casts drop the notes that remoting hangs on values; ConvertTo-Json would write them out. $Value has no type, so that nothing
# is converted on the way in: a deserialized enum would lose its name.
function ConvertTo-WireValue {
    param($Value, [int] $Depth)
    if ($null -eq $Value) { return $null }
    if ($Value -is [bool]) { return [bool] $Value }
    if (($Value -is [string]) -or ($Value -is [char])) { return [string] $Value }
    if ($Value -is [datetime]) { return $Value.ToString('o', [System.Globalization.CultureInfo]::InvariantCulture) }
    if (($Value -is [byte[]]) -or ($Value -is [System.Security.SecureString]) -or
        ($Value -is [System.Management.Automation.PSCredential])) { return $null }
    if (Test-Number $Value) {
        # A deserialized enum is a number that [string] knows by name.
        $text = [string] $Value
        if ($text -match '^[-+]?[0-9]') { return $Value.PSObject.BaseObject }
        return $text
    }
    if ($Value -is [System.Collections.IDictionary]) { return [string] $Value }
    if ($Value -is [System.Collections.IEnumerable]) {
        $list = [System.Collections.Generic.List[object]]::new()
        foreach ($element in $Value) { $list.Add((ConvertTo-WireValue $element ($Depth + 1))) }
        return , $list
    }
    if ($Value -is [System.Management.Automation.PSCustomObject]) { return (ConvertTo-WireObject $Value $Depth) }
    # Exchange's own types (address spaces, sizes, ids) and enums: what they look like is what they are.
    return [string] $Value
}

# An object without a type. Deserialized ones still have the text of the original. Ones from ConvertFrom-Json only have their
# properties (an enum is {value, Value}, a list {value, Count}, an address space {Address, Type, Cost}, a smart host {Address,
# IsIPAddress, Domain}, a size {Text}, an id {Name}); the library knows these shapes, so they go as they are, at most three deep.
function ConvertTo-WireObject {
    param($Value, [int] $Depth)
    $text = [string] $Value
    if (($text -ne '') -and (-not $text.StartsWith('@{'))) { return $text }
    if ($Depth -ge 3) { return $null }
    $members = [ordered] @{}
    foreach ($property in @($Value.PSObject.Properties)) {
        if ($script:NeverSent -contains $property.Name) { continue }
        $members[$property.Name] = ConvertTo-WireValue $property.Value ($Depth + 1)
    }
    return $members
}

# One Exchange object as the JSON of one target: its type name and, of its properties, those that the selected controls read.
# A property that is not there is not sent: to the library, missing is not the same as null or false.
function ConvertTo-TargetJson {
    param([object] $InputObject, [string[]] $Field)
    $target = [ordered] @{ PSTypeName = [string] $InputObject.PSObject.TypeNames[0] }
    foreach ($name in $Field) {
        if ($script:NeverSent -contains $name) { continue }
        $property = $InputObject.PSObject.Properties[$name]
        if ($null -eq $property) { continue }
        try {
            $target[$name] = ConvertTo-WireValue $property.Value 0
        }
        catch {
            # A getter that fails is a property that could not be read, which is not the same as false.
            Write-Verbose "The property $name could not be read: $($_.Exception.Message)"
        }
    }
    ConvertTo-Json -InputObject $target -Depth 12 -Compress
}

# By hand, as Windows PowerShell limits the length of one conversion, and a checklist can be longer.
function ConvertTo-StringJson {
    param([string] $Text)
    $escaped = $Text.Replace('\', '\\').Replace('"', '\"').Replace("`r", '\r').Replace("`n", '\n').Replace("`t", '\t')
    '"' + [regex]::Replace($escaped, '[\x00-\x1F]', { param($match) '\u{0:x4}' -f [int] [char] $match.Value }) + '"'
}

# Strings one by one: a whole array would depend on how each PowerShell wraps arrays.
function ConvertTo-StringListJson {
    param([string[]] $Text)
    $strings = @(foreach ($item in $Text) { ConvertTo-StringJson $item })
    '[' + ($strings -join ',') + ']'
}

# The network settings of a request, from the parameters that were given and no others: the library knows what else is usual.
# $Parameter is a hashtable or $PSBoundParameters.
function New-NetworkJson {
    param([System.Collections.IDictionary] $Parameter)
    $members = @()
    if ($Parameter['Offline']) { $members += '"offline":true' }
    if ($Parameter.ContainsKey('DnsServer')) { $members += '"dnsServers":' + (ConvertTo-StringListJson $Parameter['DnsServer']) }
    if ($Parameter.ContainsKey('Timeout')) { $members += '"timeoutSeconds":' + [string] $Parameter['Timeout'] }
    if ($Parameter.ContainsKey('ThrottleLimit')) { $members += '"throttleLimit":' + [string] $Parameter['ThrottleLimit'] }
    if ($Parameter.ContainsKey('TrustedRoot')) {
        $members += '"roots":' + (ConvertTo-StringJson (Resolve-TrustedRoot $Parameter['TrustedRoot']))
    }
    if ($Parameter.ContainsKey('Proxy')) { $members += '"proxy":' + (ConvertTo-StringJson $Parameter['Proxy']) }
    if ($Parameter['AllowPrivateAddress']) { $members += '"allowPrivateAddress":true' }
    if ($members.Count -eq 0) { return '' }
    '{' + ($members -join ',') + '}'
}

# A request. The objects are JSON already, each converted on its own: Windows PowerShell limits the length of one conversion.
function New-Request {
    param(
        [System.Collections.Generic.List[string]] $Target,
        [string[]] $Domain,
        [System.Collections.Generic.List[string]] $AcceptedDomain,
        [string[]] $ControlId,
        [string[]] $ControlPath,
        [string] $Network,
        [string[]] $Member
    )
    $members = @()
    if ($null -ne $Target) { $members += '"targets":[' + ($Target -join ',') + ']' }
    if (($null -ne $Domain) -and ($Domain.Length -gt 0)) {
        $members += '"domains":' + (ConvertTo-StringListJson $Domain)
    }
    if (($null -ne $AcceptedDomain) -and ($AcceptedDomain.Count -gt 0)) {
        $members += '"acceptedDomains":[' + ($AcceptedDomain -join ',') + ']'
    }
    if (($null -ne $ControlId) -and ($ControlId.Length -gt 0)) {
        $members += '"controlIds":' + (ConvertTo-StringListJson $ControlId)
    }
    if (($null -ne $ControlPath) -and ($ControlPath.Length -gt 0)) {
        $members += '"controlPaths":' + (ConvertTo-StringListJson $ControlPath)
    }
    if ($Network -ne '') { $members += '"network":' + $Network }
    if ($null -ne $Member) { $members += $Member }
    '{' + ($members -join ',') + '}'
}

# The members that say which risks are accepted and what to compare with, for runs and reports alike. Use it as
# @(New-ComparisonMember ...).
function New-ComparisonMember {
    param([System.Collections.IDictionary] $Parameter)
    if ($Parameter.ContainsKey('Exception')) {
        $path = Resolve-FullPath -Path $Parameter['Exception'] -Code 'Exception' -What 'file of accepted risks' -Advice (
            '-Exception takes the path of one file.')
        '"exceptionsPath":' + (ConvertTo-StringJson $path)
    }
    if ($Parameter.ContainsKey('Baseline')) {
        $path = Resolve-FullPath -Path $Parameter['Baseline'] -Code 'Baseline' -What 'earlier document' -Advice (
            '-Baseline takes the path of a report in the format json.')
        '"baselinePath":' + (ConvertTo-StringJson $path)
    }
    if ($Parameter['OnlyNew']) { '"onlyNew":true' }
}

# The request of a report. $Checklist is the text of a checklist that is to be updated.
function New-ReportRequest {
    param(
        [string] $Format,
        [System.Collections.Generic.List[string]] $Result,
        [string[]] $ControlPath,
        [string] $Checklist,
        [string[]] $Member
    )
    $members = @('"format":' + (ConvertTo-StringJson $Format))
    $members += '"results":[' + ($Result -join ',') + ']'
    if (($null -ne $ControlPath) -and ($ControlPath.Length -gt 0)) {
        $members += '"controlPaths":' + (ConvertTo-StringListJson $ControlPath)
    }
    if ($Checklist -ne '') { $members += '"checklist":' + (ConvertTo-StringJson $Checklist) }
    if ($null -ne $Member) { $members += $Member }
    '{' + ($members -join ',') + '}'
}

# What only reports take besides. Use it as @(New-TrendMember ...).
function New-TrendMember {
    param([System.Collections.IDictionary] $Parameter)
    if ($Parameter.ContainsKey('TrendPath')) {
        $path = Resolve-FullPath -Path $Parameter['TrendPath'] -Code 'TrendPath' -What 'folder of earlier documents' -Advice (
            '-TrendPath takes a folder with reports in the format json.')
        '"trendPath":' + (ConvertTo-StringJson $path)
    }
}

# A full file-system path: PowerShell's current location is not the process's current directory, which the library would use.
# $Code begins the ids of the errors, $What names the thing and $Advice says what the parameter takes.
function Resolve-FullPath {
    param([string] $Path, [string] $Code, [string] $What, [string] $Advice)
    $resolved = @(Resolve-Path -LiteralPath $Path -ErrorAction Ignore)
    if ($resolved.Count -eq 0) {
        throw (New-ControlError -Code "${Code}NotFound" -Category ObjectNotFound -Target $Path -Message (
                "The $What '$Path' does not exist. $Advice"))
    }
    if ($resolved[0].Provider.Name -ne 'FileSystem') {
        throw (New-ControlError -Code "${Code}NotFileSystem" -Category InvalidArgument -Target $Path -Message (
                "The $What '$Path' is not in the file system. $Advice"))
    }
    $resolved[0].ProviderPath
}

function Resolve-ControlPath {
    param([string[]] $ControlPath)
    foreach ($path in $ControlPath) {
        Resolve-FullPath -Path $path -Code 'ControlPath' -What 'control folder' -Advice (
            '-ControlPath takes folders with control files (*.json).')
    }
}

# Mozilla and System are names; everything else is a file.
function Resolve-TrustedRoot {
    param([string] $TrustedRoot)
    if (@('Mozilla', 'System') -contains $TrustedRoot) { return $TrustedRoot.ToLowerInvariant() }
    Resolve-FullPath -Path $TrustedRoot -Code 'TrustedRoot' -What 'certificate file' -Advice (
        '-TrustedRoot takes Mozilla, System or the path of a PEM file.')
}

#endregion
#region The native library

function Get-RuntimeIdentifier {
    if ([Environment]::OSVersion.Platform -eq 'Win32NT') {
        # The variable describes this process, which is what must match the library.
        if ($env:PROCESSOR_ARCHITECTURE -eq 'ARM64') { return 'win-arm64' }
        return 'win-x64'
    }
    $system = 'linux'
    if ([System.Runtime.InteropServices.RuntimeInformation]::IsOSPlatform([System.Runtime.InteropServices.OSPlatform]::OSX)) { $system = 'osx' }
    $machine = 'x64'
    if ([string] [System.Runtime.InteropServices.RuntimeInformation]::ProcessArchitecture -eq 'Arm64') { $machine = 'arm64' }
    "$system-$machine"
}

# Where build.ps1 puts the library.
function Get-BundledLibraryPath {
    $runtime = Get-RuntimeIdentifier
    $file = 'libexchange_control.so'
    if ($runtime -like 'win-*') { $file = 'exchange_control.dll' }
    if ($runtime -like 'osx-*') { $file = 'libexchange_control.dylib' }
    [System.IO.Path]::Combine($PSScriptRoot, 'bin', $runtime, $file)
}

function Get-LibraryPath {
    $override = $env:EXCHANGE_CONTROL_LIBRARY
    if ([string]::IsNullOrEmpty($override)) { return (Get-BundledLibraryPath) }
    if (-not [System.IO.Path]::IsPathRooted($override)) {
        throw (New-ControlError -Code 'LibraryPathNotAbsolute' -Category InvalidArgument -Target $override -Message (
                "The environment variable EXCHANGE_CONTROL_LIBRARY holds '$override'. It must hold the absolute path of the library; " +
                'remove the variable to use the library that belongs to the module.'))
    }
    $override
}

# The C interface, function by function: name = @(return type, @(parameter types)). It mirrors include/exchange_control.h.
function Get-NativeSignature {
    $ptr = [IntPtr]
    $size = [UIntPtr]
    $refPtr = [IntPtr].MakeByRefType()
    $refSize = [UIntPtr].MakeByRefType()
    $bytes = [byte[]]
    [ordered] @{
        xc_abi_version = @([uint32], @())
        xc_version     = @([uint32], @($refPtr, $refSize))
        xc_controls    = @([uint32], @($bytes, $size, $refPtr, $refSize))
        xc_run_start   = @([uint32], @($bytes, $size, $refPtr, $refPtr, $refSize))
        xc_run_next    = @([uint32], @($ptr, [uint32], $refPtr, $refSize))
        xc_run_cancel  = @([uint32], @($ptr))
        xc_run_free    = @([void], @($ptr))
        xc_live_runs   = @([uint32], @())
        xc_report      = @([uint32], @($bytes, $size, $refPtr, $refSize))
        xc_buffer_free = @([void], @($ptr, $size))
    }
}

# Builds a type with one static method a signature. Nothing is compiled and no file is written, and the path can be absolute.
function New-NativeType {
    param([string] $Path)
    $name = [System.Reflection.AssemblyName]::new('ExchangeControl.Native')
    $access = [System.Reflection.Emit.AssemblyBuilderAccess]::Run
    $assembly = [System.Reflection.Emit.AssemblyBuilder]::DefineDynamicAssembly($name, $access)
    $module = $assembly.DefineDynamicModule($name.Name)
    $type = $module.DefineType('ExchangeControl.NativeMethods', 'Public,Abstract,Sealed,Class')
    $signatures = Get-NativeSignature
    foreach ($entry in $signatures.GetEnumerator()) {
        $method = $type.DefinePInvokeMethod($entry.Key, $Path, 'Public,Static,PinvokeImpl', 'Standard',
            $entry.Value[0], [type[]] $entry.Value[1], 'Cdecl', 'Ansi')
        $flags = $method.GetMethodImplementationFlags() -bor [System.Reflection.MethodImplAttributes]::PreserveSig
        $method.SetImplementationFlags($flags)
    }
    $type.CreateType()
}

# Loads the library on first use. Each way in which that can fail is one error that says what to do.
function Initialize-NativeLibrary {
    if ($null -ne $script:Native) { return }
    if ([IntPtr]::Size -ne 8) {
        throw (New-ControlError -Code 'ProcessNot64Bit' -Category InvalidOperation -Target $null -Message (
                'This is a 32-bit PowerShell, and the exchange_control library is 64-bit. Start the 64-bit PowerShell ' +
                '(on Windows not the one called "x86").'))
    }
    $path = Get-LibraryPath
    if (-not [System.IO.File]::Exists($path)) {
        throw (New-ControlError -Code 'LibraryNotFound' -Category ObjectNotFound -Target $path -Message (
                "The exchange_control library is missing: there is no file '$path'. In a source tree run build.ps1 -Task Build; " +
                'otherwise install the module again.'))
    }
    $native = $null
    $version = 0
    try {
        $native = New-NativeType -Path $path
        $version = $native::xc_abi_version()
    }
    catch {
        $cause = $_.Exception.GetBaseException()
        throw (New-ControlError -Code 'LibraryNotLoaded' -Category OpenError -Target $path -Message (
                "The exchange_control library '$path' could not be loaded: $($cause.Message) It must be built for this system and processor " +
                '(64-bit) and belong to this version of the module. In a source tree run build.ps1 -Task Build; otherwise install the module again.'))
    }
    if ($version -ne $script:AbiVersion) {
        throw (New-ControlError -Code 'LibraryVersion' -Category InvalidOperation -Target $path -Message (
                "The exchange_control library '$path' has interface version $version, and this module needs version $($script:AbiVersion). " +
                'In a source tree run build.ps1 -Task Build; otherwise install the module again. Then start a new PowerShell.'))
    }
    $script:Native = $native
}

# Copies an answer out of the library's buffer. The caller gives the buffer back.
function Read-NativeByte {
    param([IntPtr] $Pointer, [UIntPtr] $Size)
    if ($Pointer -eq [IntPtr]::Zero) { return , [byte[]]::new(0) }
    $bytes = [byte[]]::new($Size.ToUInt64())
    [System.Runtime.InteropServices.Marshal]::Copy($Pointer, $bytes, 0, $bytes.Length)
    return , $bytes
}

function Read-NativeText {
    param([IntPtr] $Pointer, [UIntPtr] $Size)
    [System.Text.Encoding]::UTF8.GetString([byte[]] (Read-NativeByte $Pointer $Size))
}

function ConvertFrom-Answer {
    param([uint32] $Status, [string] $Text)
    if ($Status -ge $script:FirstError) { throw (New-StatusError -Status $Status -Text $Text) }
    ConvertFrom-AnswerJson $Text
}

# The catalog: controls, the properties they read, and the control files or ids that were refused.
function Get-NativeCatalog {
    param([string[]] $ControlId, [string[]] $ControlPath)
    Initialize-NativeLibrary
    $bytes = [System.Text.Encoding]::UTF8.GetBytes((New-Request -ControlId $ControlId -ControlPath $ControlPath))
    $size = [UIntPtr]::new([uint64] $bytes.Length)
    $answer = [IntPtr]::Zero
    $answerSize = [UIntPtr]::Zero
    $text = ''
    try {
        $status = $script:Native::xc_controls($bytes, $size, [ref] $answer, [ref] $answerSize)
        $text = Read-NativeText $answer $answerSize
    }
    finally {
        if ($answer -ne [IntPtr]::Zero) { $script:Native::xc_buffer_free($answer, $answerSize) }
    }
    $catalog = ConvertFrom-Answer -Status $status -Text $text
    $fields = Get-PropertyValue $catalog 'fields'
    $names = @()
    if ($null -ne $fields) {
        $names = @(foreach ($kind in @($fields.PSObject.Properties)) { $kind.Value }) | Sort-Object -Unique
    }
    [pscustomobject] @{
        Controls = [object[]] @(Get-PropertyList $catalog 'controls' | ForEach-Object { ConvertTo-ControlObject $_ })
        Fields   = [string[]] @($names)
        Errors   = [object[]] @(Get-PropertyList $catalog 'errors')
    }
}

# A report, as the bytes that the library gives: some formats begin with a byte order mark.
function Get-NativeReport {
    param([string] $Request)
    Initialize-NativeLibrary
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($Request)
    $size = [UIntPtr]::new([uint64] $bytes.Length)
    $answer = [IntPtr]::Zero
    $answerSize = [UIntPtr]::Zero
    $report = $null
    try {
        $status = $script:Native::xc_report($bytes, $size, [ref] $answer, [ref] $answerSize)
        $report = [byte[]] (Read-NativeByte $answer $answerSize)
    }
    finally {
        if ($answer -ne [IntPtr]::Zero) { $script:Native::xc_buffer_free($answer, $answerSize) }
    }
    if ($status -ge $script:FirstError) {
        throw (New-StatusError -Status $status -Text ([System.Text.Encoding]::UTF8.GetString($report)))
    }
    return , $report
}

# Starts a run. The handle goes into $Run, which the caller made before, so that it can be freed whatever happens after.
function Start-NativeRun {
    param([hashtable] $Run, [string] $Request)
    $bytes = [System.Text.Encoding]::UTF8.GetBytes($Request)
    $size = [UIntPtr]::new([uint64] $bytes.Length)
    $handle = [IntPtr]::Zero
    $answer = [IntPtr]::Zero
    $answerSize = [UIntPtr]::Zero
    $text = ''
    try {
        $status = $script:Native::xc_run_start($bytes, $size, [ref] $handle, [ref] $answer, [ref] $answerSize)
        $text = Read-NativeText $answer $answerSize
    }
    finally {
        $Run['Handle'] = $handle
        if ($answer -ne [IntPtr]::Zero) { $script:Native::xc_buffer_free($answer, $answerSize) }
    }
    ConvertFrom-Answer -Status $status -Text $text
}

# Asks a run for its next answer, waiting a tenth of a second at most so that PowerShell can stop in between.
function Receive-NativeRun {
    param([hashtable] $Run)
    $answer = [IntPtr]::Zero
    $answerSize = [UIntPtr]::Zero
    $text = ''
    try {
        $status = $script:Native::xc_run_next($Run['Handle'], 100, [ref] $answer, [ref] $answerSize)
        $text = Read-NativeText $answer $answerSize
    }
    finally {
        if ($answer -ne [IntPtr]::Zero) { $script:Native::xc_buffer_free($answer, $answerSize) }
    }
    $message = ConvertFrom-Answer -Status $status -Text $text
    [pscustomobject] @{
        Done     = ($status -eq $script:StatusDone)
        Results  = [object[]] @(Get-PropertyList $message 'results')
        Errors   = [object[]] @(Get-PropertyList $message 'errors')
        Progress = Get-PropertyValue $message 'progress'
    }
}

# How many domains each stage of a probe holds, as "DNS 5, connect 2"; stages without any are left out.
function Format-RunStage {
    param([object] $Stage)
    if ($null -eq $Stage) { return '' }
    $parts = @(foreach ($entry in @($Stage.PSObject.Properties)) {
            if ([int] $entry.Value -le 0) { continue }
            $name = $entry.Name
            if ($name -eq 'dns') { $name = 'DNS' }
            "$name $($entry.Value)"
        })
    $parts -join ', '
}

function Write-RunProgress {
    param([object] $Progress)
    $done = [int] (Get-PropertyValue $Progress 'done')
    $total = [int] (Get-PropertyValue $Progress 'total')
    $percent = -1
    if ($total -gt 0) { $percent = [Math]::Min(100, [int] (100 * $done / $total)) }
    $operation = Format-RunStage (Get-PropertyValue $Progress 'stages')
    Write-Progress -Activity 'Testing Exchange controls' -Status "$done of $total" -CurrentOperation $operation -PercentComplete $percent
}

# Runs a request and writes its results as they come. With a $Caller, errors are that command's; without, they are thrown.
# No try/catch stands around the results: an error further down the pipeline is not this command's.
function Invoke-ControlRun {
    param(
        [string] $Request,
        [System.Management.Automation.PSCmdlet] $Caller,
        [System.Collections.Generic.HashSet[string]] $Reported
    )
    $run = @{ Handle = [IntPtr]::Zero }
    $progressShown = $false
    $sinceProgress = [System.Diagnostics.Stopwatch]::StartNew()
    $answer = $null
    try {
        try { $answer = Start-NativeRun -Run $run -Request $Request }
        catch { Stop-Caller -Caller $Caller -ErrorRecord $_ }
        Write-ListedError -Caller $Caller -Entry @(Get-PropertyList $answer 'errors') -Reported $Reported
        $done = $false
        while (-not $done) {
            try { $answer = Receive-NativeRun -Run $run }
            catch { Stop-Caller -Caller $Caller -ErrorRecord $_ }
            Write-ListedError -Caller $Caller -Entry $answer.Errors -Reported $Reported
            if (($null -ne $answer.Progress) -and ($sinceProgress.ElapsedMilliseconds -ge $script:ProgressInterval)) {
                $progressShown = $true
                Write-RunProgress $answer.Progress
                $sinceProgress.Restart()
            }
            # One by one, so that a command that wants only the first does not wait for all.
            foreach ($result in $answer.Results) { ConvertTo-ResultObject $result }
            $done = $answer.Done
        }
    }
    finally {
        # Also reached by Ctrl+C and by Select-Object -First. The run goes first: nothing may keep it from being freed.
        if ($run['Handle'] -ne [IntPtr]::Zero) { $script:Native::xc_run_free($run['Handle']) }
        if ($progressShown) { Write-Progress -Activity 'Testing Exchange controls' -Completed }
    }
}

#endregion
#region Files

# The full path of a file that need not be there, as PowerShell's location has it. Nothing in it is a wildcard.
function Resolve-ReportPath {
    param([string] $Path)
    $provider = $null
    $drive = $null
    $full = $ExecutionContext.SessionState.Path.GetUnresolvedProviderPathFromPSPath($Path, [ref] $provider, [ref] $drive)
    if ($provider.Name -ne 'FileSystem') {
        throw (New-ControlError -Code 'ReportPathNotFileSystem' -Category InvalidArgument -Target $Path -Message (
                "The report cannot be written to '$Path', which is not in the file system. -Path takes the path of a file."))
    }
    if ([System.IO.Directory]::Exists($full)) {
        throw (New-ControlError -Code 'ReportPathIsFolder' -Category InvalidArgument -Target $full -Message (
                "The report cannot be written to '$full', which is a folder. -Path takes the path of a file."))
    }
    $folder = [System.IO.Path]::GetDirectoryName($full)
    if (-not [System.IO.Directory]::Exists($folder)) {
        throw (New-ControlError -Code 'ReportFolderNotFound' -Category ObjectNotFound -Target $full -Message (
                "The report cannot be written to '$full': there is no folder '$folder'. Create it first."))
    }
    $full
}

# The format that was asked for, or the one that the extension stands for.
function Get-ReportFormat {
    param([string] $Path, [string] $Format)
    if ($Format -ne '') { return $Format.ToLowerInvariant() }
    if ($Path -like '*.sarif.json') { return 'sarif' }
    $extension = [System.IO.Path]::GetExtension($Path)
    if ($extension -eq '.htm') { return 'html' }
    foreach ($entry in $script:ReportExtension.GetEnumerator()) {
        if ($entry.Value -eq $extension) { return $entry.Key }
    }
    throw (New-ControlError -Code 'UnknownReportFormat' -Category InvalidArgument -Target $Path -Message (
            "The format of '$Path' is not known: no format has the extension '$extension'. End the name in " +
            (@($script:ReportExtension.Values) -join ', ') + ', .htm or .sarif.json, or name the format with -Format.'))
}

# Writes a file whole or not at all: first beside its place, then into it. Bytes are written as they come.
function Save-WholeFile {
    param([string] $Path, [byte[]] $Content, [bool] $NoClobber)
    $folder = [System.IO.Path]::GetDirectoryName($Path)
    $temporary = [System.IO.Path]::Combine($folder, '.exchange-control-' + [guid]::NewGuid().ToString('N') + '.tmp')
    try {
        [System.IO.File]::WriteAllBytes($temporary, $Content)
        if ((-not $NoClobber) -and [System.IO.File]::Exists($Path)) {
            # Not $null for the backup, which PowerShell would hand over as an empty name.
            [System.IO.File]::Replace($temporary, $Path, [System.Management.Automation.Language.NullString]::Value, $true)
        }
        else {
            # Refuses a file that is there.
            [System.IO.File]::Move($temporary, $Path)
        }
    }
    catch {
        $cause = $_.Exception.GetBaseException()
        throw (New-ControlError -Code 'ReportNotWritten' -Category WriteError -Target $Path -Message (
                "The report could not be written to '$Path': $($cause.Message) What was there before is as it was."))
    }
    finally {
        if ([System.IO.File]::Exists($temporary)) {
            try { [System.IO.File]::Delete($temporary) }
            catch { Write-Verbose "The unfinished file '$temporary' could not be removed: $($_.Exception.Message)" }
        }
    }
}

#endregion
#region Scheduled scans

function Assert-TaskCommand {
    if ($null -ne (Get-Command -Name 'Register-ScheduledTask' -ErrorAction Ignore)) { return }
    throw (New-ControlError -Code 'TaskCommandNotFound' -Category NotInstalled -Target 'Register-ScheduledTask' -Message (
            'This system has no Register-ScheduledTask, so it has no Windows Task Scheduler that a scan could be entered in. On other systems ' +
            'let cron run the command: exchange-control test FILE... --format html --output FILE'))
}

# One value of a command line, in quotes. Quotes within it are refused rather than escaped: no path, id or address has any.
function Format-TaskValue {
    param([string] $Name, [string] $Value)
    if ($Value -match '["\x00-\x1F]') {
        throw (New-ControlError -Code 'InvalidTaskArgument' -Category InvalidArgument -Target $Value -Message (
                "-$Name cannot be used as it is given: a task's command line takes no quotes and no control characters, and '$Value' has one."))
    }
    # A backslash before the closing quote would take it for its own.
    '"' + [regex]::Replace($Value, '(\\+)$', '$1$1') + '"'
}

# The arguments that make Windows PowerShell run the scan. Lists are one value with commas, which is how -File hands them over.
function Format-ScanArgument {
    param([System.Collections.Specialized.OrderedDictionary] $Setting)
    $scan = [System.IO.Path]::Combine($PSScriptRoot, 'Scripts', 'Invoke-ExchangeControlScan.ps1')
    $parts = @('-NoProfile', '-NonInteractive', '-ExecutionPolicy', 'Bypass', '-File', (Format-TaskValue -Name 'File' -Value $scan))
    foreach ($entry in $Setting.GetEnumerator()) {
        $parts += '-' + $entry.Key
        if ($entry.Value -is [bool]) { continue }
        $parts += Format-TaskValue -Name $entry.Key -Value ($entry.Value -join ',')
    }
    $parts -join ' '
}

# The settings of a scan from the parameters that were given, with full paths: a task has another current folder.
function New-ScanSetting {
    param([System.Collections.IDictionary] $Given)
    $setting = [ordered] @{
        OutputFolder = Resolve-FullPath -Path $Given['OutputFolder'] -Code 'OutputFolder' -What 'folder for the reports' -Advice 'Create it first.'
    }
    foreach ($name in 'Format', 'ControlId', 'Keep', 'Proxy', 'DnsServer', 'Timeout', 'ConnectionUri') {
        if ($Given.ContainsKey($name)) { $setting[$name] = [string[]] @($Given[$name]) }
    }
    if ($Given.ContainsKey('ControlPath')) { $setting['ControlPath'] = [string] @(Resolve-ControlPath $Given['ControlPath'])[0] }
    if ($Given.ContainsKey('Exception')) {
        $setting['Exception'] = Resolve-FullPath -Path $Given['Exception'] -Code 'Exception' -What 'file of accepted risks' -Advice (
            '-Exception takes the path of one file.')
    }
    if ($Given.ContainsKey('Baseline')) {
        $setting['Baseline'] = $Given['Baseline']
        if ($Given['Baseline'] -ne 'Latest') {
            $setting['Baseline'] = Resolve-FullPath -Path $Given['Baseline'] -Code 'Baseline' -What 'earlier document' -Advice (
                '-Baseline takes Latest, or the path of a report in the format json.')
        }
    }
    if ($Given['Offline']) { $setting['Offline'] = $true }
    $setting
}

#endregion
#region Exchange

function Test-ExchangeCommand {
    param([string] $Name)
    $null -ne (Get-Command -Name $Name -ErrorAction Ignore)
}

function Assert-ExchangeCommand {
    param([string[]] $Name, [string] $Advice)
    $missing = @(foreach ($item in $Name) { if (-not (Test-ExchangeCommand $item)) { $item } })
    if ($missing.Count -gt 0) {
        throw (New-ControlError -Code 'ExchangeCommandNotFound' -Category ObjectNotFound -Target $missing[0] -Message (
                "This PowerShell has no $($missing -join ', '). $Advice"))
    }
}

# A value the way one would type it. Single quotes, and every character that PowerShell takes for one doubled, so that a
# connector's name stays a name.
function Format-CommandValue {
    param([object] $Value)
    if ($null -eq $Value) { return '$null' }
    if ($Value -is [bool]) {
        if ($Value) { return '$true' }
        return '$false'
    }
    if (Test-Number $Value) { return [string] $Value }
    if (($Value -is [System.Collections.IEnumerable]) -and (-not ($Value -is [string]))) {
        $elements = @(foreach ($element in $Value) { Format-CommandValue $element })
        if ($elements.Count -eq 0) { return '@()' }
        return ($elements -join ',')
    }
    $quoted = "'" + [System.Management.Automation.Language.CodeGeneration]::EscapeSingleQuotedStringContent([string] $Value) + "'"
    # Line ends and marks that cannot be seen are spelled out: the line that a person confirms must look like what it is.
    $invisible = '[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]'
    if (-not [regex]::IsMatch($quoted, $invisible)) { return $quoted }
    '(' + [regex]::Replace($quoted, $invisible, { param($match) "' + [char] 0x{0:X4} + '" -f [int] [char] $match.Value }) + ')'
}

# The command line of a fix, made from what will be run rather than from the result's own text, which came in from outside.
function Format-RepairCommand {
    param([string] $Identity, [System.Collections.IDictionary] $Parameter)
    $command = 'Set-SendConnector -Identity ' + (Format-CommandValue $Identity)
    foreach ($entry in $Parameter.GetEnumerator()) { $command += ' -' + $entry.Key + ' ' + (Format-CommandValue $entry.Value) }
    $command
}

# Decides what to do with one result, without doing it: None, Warn, Error or Fix.
function Get-RepairPlan {
    param([object] $Result, [string[]] $KnownControl, [bool] $IncludeExcepted)
    $plan = @{
        Action     = 'None'
        Code       = ''
        Category   = 'InvalidArgument'
        Message    = ''
        ControlId  = [string] (Get-PropertyValue $Result 'ControlId')
        Identity   = [string] (Get-PropertyValue $Result 'Identity')
        Before     = [string] (Get-PropertyValue $Result 'Status')
        Parameters = ConvertTo-ParameterTable (Get-PropertyValue $Result 'RemediationParameters')
        Command    = ''
    }
    if (($plan.ControlId -eq '') -or ($plan.Before -eq '')) {
        $plan.Action = 'Error'
        $plan.Code = 'NotAResult'
        $plan.Message = 'This object is not a result of Test-ExchangeControl: it has no ControlId or no Status. Pipe the results of ' +
        'Test-ExchangeControl in.'
        return $plan
    }
    if ($plan.Before -ne 'Fail') { return $plan }
    $exception = Get-PropertyValue $Result 'Exception'
    if ((-not $IncludeExcepted) -and (Test-RiskAccepted $exception)) {
        $plan.Action = 'Warn'
        $plan.Message = "$($plan.ControlId) failed for '$($plan.Identity)', but the risk is accepted until $(Get-SavedText $exception 'Expires') by " +
        "$(Get-SavedText $exception 'Owner'): $(Get-SavedText $exception 'Justification'); nothing was changed. -IncludeExcepted corrects it all the same."
        return $plan
    }

    # Only a real Boolean counts: the text "False" of a CSV file would be true.
    $automatable = Get-PropertyValue $Result 'Automatable'
    $kind = [string] (Get-PropertyValue $Result 'TargetKind')
    if ((-not ($automatable -is [bool])) -or (-not $automatable) -or ($kind -ne 'SendConnector') -or ($plan.Parameters.Count -eq 0)) {
        $plan.Action = 'Warn'
        $plan.Message = Get-ManualAdvice $Result
        return $plan
    }
    if ($plan.Identity -eq '') {
        $plan.Action = 'Error'
        $plan.Code = 'NoIdentity'
        $plan.Message = "The result of $($plan.ControlId) names no connector, so there is nothing that could be changed safely."
        return $plan
    }
    $refused = @(foreach ($entry in $plan.Parameters.GetEnumerator()) {
            if ($script:RepairParameter -notcontains $entry.Key) { $entry.Key }
        })
    if ($refused.Count -gt 0) {
        $plan.Action = 'Error'
        $plan.Code = 'ParameterRefused'
        $plan.Category = 'PermissionDenied'
        $plan.Message = "The fix of $($plan.ControlId) for '$($plan.Identity)' wants to set $($refused -join ', '), which Repair-ExchangeControl " +
        'never does. Nothing was changed. Correct the control file, or make the change by hand.'
        return $plan
    }
    if ($KnownControl -notcontains $plan.ControlId) {
        $plan.Action = 'Error'
        $plan.Code = 'ControlNotInCatalog'
        $plan.Category = 'ObjectNotFound'
        $plan.Message = "The control $($plan.ControlId) is not in the catalog, so a change to '$($plan.Identity)' could not be tested. Nothing was " +
        'changed. Name the folder that has the control with -ControlPath.'
        return $plan
    }
    $plan.Command = Format-RepairCommand -Identity $plan.Identity -Parameter $plan.Parameters
    $plan.Action = 'Fix'
    $plan
}

# Whether an accepted risk still holds: it may have been saved long ago. One whose last day cannot be read holds, as nobody said
# that it does not.
function Test-RiskAccepted {
    param([object] $Exception)
    if ($null -eq $Exception) { return $false }
    $expires = Get-SavedText $Exception 'Expires'
    if ($expires -notmatch '^[0-9]{4}-[0-9]{2}-[0-9]{2}$') { return $true }
    $today = [datetime]::UtcNow.ToString('yyyy-MM-dd', [System.Globalization.CultureInfo]::InvariantCulture)
    [string]::CompareOrdinal($expires, $today) -ge 0
}

# What to say about a failed control that is not fixed here.
function Get-ManualAdvice {
    param([object] $Result)
    $advice = [string] (Get-PropertyValue $Result 'ControlId') + " failed for '" + [string] (Get-PropertyValue $Result 'Identity') +
    "', and its fix cannot be run automatically; nothing was changed."
    $reason = ([string] (Get-PropertyValue $Result 'Reason')).TrimEnd('.')
    if ($reason -ne '') { $advice = "$advice $reason." }
    $description = [string] (Get-PropertyValue $Result 'RemediationDescription')
    # The script has what the command leaves out: what to mind, and what must follow on another server.
    $byHand = [string] (Get-PropertyValue $Result 'RemediationScript')
    if ($byHand -eq '') { $byHand = [string] (Get-PropertyValue $Result 'RemediationCommand') }
    if ($description -ne '') { $advice = $advice + ' ' + $description }
    if ($byHand -ne '') { $advice = $advice + [Environment]::NewLine + $byHand }
    $advice
}

# The accepted domains for tests after a change, read once and only when first needed.
function Get-RetestDomain {
    param([hashtable] $Domain, [string[]] $Field)
    if ($Domain['Read']) { return }
    $Domain['Read'] = $true
    $objects = $Domain['Given']
    if (($null -eq $objects) -and (Test-ExchangeCommand 'Get-AcceptedDomain')) {
        try { $objects = @(Get-AcceptedDomain -ErrorAction Stop) }
        catch { Write-Warning "The accepted domains could not be read, so a test after a change may be Unknown: $($_.Exception.Message)" }
    }
    foreach ($item in @(Expand-InputObject $objects)) { $Domain['Json'].Add((ConvertTo-TargetJson $item $Field)) }
}

# Reads a connector again and tests it with one control. Throws where there is no single verdict.
function Invoke-Retest {
    param([hashtable] $Plan, [hashtable] $Domain, [string[]] $Field, [string[]] $ControlPath)
    $targets = [System.Collections.Generic.List[string]]::new()
    foreach ($connector in @(Get-SendConnector -Identity $Plan.Identity -ErrorAction Stop)) {
        $targets.Add((ConvertTo-TargetJson $connector $Field))
    }
    # The domains only tell where the connector leads, and whatever the control is, a test after a change does not wait for the network.
    $network = New-NetworkJson @{ Offline = $true }
    $request = New-Request -Target $targets -AcceptedDomain $Domain['Json'] -ControlId @($Plan.ControlId) -ControlPath $ControlPath -Network $network
    $results = @(Invoke-ControlRun -Request $request)
    if ($results.Count -gt 1) { $results = @($results | Where-Object { $_.Identity -eq $Plan.Identity }) }
    if ($results.Count -ne 1) { throw "the test gave $($results.Count) results for '$($Plan.Identity)' where one was expected." }
    $results[0]
}

# Makes one change and tests it. Never throws: what went wrong is part of the answer.
function Invoke-RepairPlan {
    param([hashtable] $Plan, [hashtable] $Domain, [string[]] $Field, [string[]] $ControlPath)
    $changed = $false
    $after = $Plan.Before
    $reason = ''
    $failure = $null
    $message = $null
    try {
        $parameters = @{}
        foreach ($entry in $Plan.Parameters.GetEnumerator()) { $parameters[$entry.Key] = $entry.Value }
        # The domains come first: what cannot be read should show before the change rather than after it.
        Get-RetestDomain -Domain $Domain -Field $Field
        $null = Set-SendConnector -Identity $Plan.Identity @parameters -Confirm:$false -ErrorAction Stop
        $changed = $true
        $after = 'Unknown'
        $result = Invoke-Retest -Plan $Plan -Domain $Domain -Field $Field -ControlPath $ControlPath
        $after = $result.Status
        $reason = $result.Reason
    }
    catch {
        if ($changed) {
            $message = "The change to '$($Plan.Identity)' was made, but it could not be tested: $($_.Exception.Message)"
            $failure = New-ControlError -Code 'RetestFailed' -Message $message -Category $_.CategoryInfo.Category -Target $Plan.Identity
        }
        else {
            $message = "The change to '$($Plan.Identity)' was not made: $($_.Exception.Message)"
            $failure = New-ControlError -Code 'RepairFailed' -Message $message -Category $_.CategoryInfo.Category -Target $Plan.Identity
        }
    }
    @{
        Failure = $failure
        Repair  = [pscustomobject] @{
            PSTypeName   = 'ExchangeControl.Repair'
            ControlId    = $Plan.ControlId
            Identity     = $Plan.Identity
            Before       = $Plan.Before
            After        = $after
            Changed      = $changed
            Reason       = $reason
            Command      = $Plan.Command
            ErrorMessage = $message
        }
    }
}

#endregion
#region Commands

function Test-ExchangeControl {
    <#
    .SYNOPSIS
    Tests send connectors and accepted domains against security controls.

    .DESCRIPTION
    Gives one result for each control and object: Pass, Fail, Unknown or NotApplicable, with the reason, the evidence and the fix. A control
    that fails is a result and not an error; errors are control files, ids or objects that could not be used.

    Objects come from the pipeline or from -InputObject: send connectors, accepted domains, or both, as Exchange gives them or as
    Import-Clixml and ConvertFrom-Json read them back. -Domain adds domains by their names alone. Without any of these the command collects
    for itself: it runs Get-SendConnector and Get-AcceptedDomain, which exist in the Exchange Management Shell. Input that turns out to be
    empty gives no results and collects nothing.

    Some controls must know which domains are your own. Where objects are piped in, the command never fetches accepted domains by itself,
    because the objects may come from another organization, and other people's domains would lead to wrong verdicts. Pipe the domains in as
    well, or pass them with -AcceptedDomain. Without them, a connector that cannot be judged is Unknown, and the reason says so.

    Controls of accepted domains can ask the network: EDCA-TLS-025 asks DNS (port 53, UDP and TCP) for the domain's records, and the domain's
    policy host for its MTA-STS policy (HTTPS, port 443). Everything else is judged from the objects alone. -Offline asks nothing.

    Of objects, only the properties that the selected controls read are looked at, never credentials. Nothing is changed.

    .PARAMETER InputObject
    Send connectors and accepted domains, from Get-SendConnector and Get-AcceptedDomain or from files that these were saved to.

    .PARAMETER ControlId
    The controls to test with, by id; * and ? stand for any characters. All controls are tested if this is left out.

    .PARAMETER ControlPath
    Folders with control files (*.json) of your own. A control with the id of a built-in one takes its place.

    .PARAMETER AcceptedDomain
    Accepted domains, to tell which connectors deliver inside the organization. With piped objects or -Domain they serve for that alone and
    are not tested themselves. In live collection they are used in place of Get-AcceptedDomain, and tested.

    .PARAMETER Domain
    Names of domains to test, without Exchange. Nothing is collected then; domains that are named here and objects from the pipeline are
    tested together. Objects of Get-AcceptedDomain belong in the pipeline, since the name of such an object need not be its domain.

    .PARAMETER DnsServer
    The DNS servers to ask, in this order, each as an address or address:port; an IPv6 address with a port stands in brackets, as in
    [2001:db8::1]:53. The system's servers are asked if this is left out. Where inside and outside see different records (split DNS), name a
    server that sees what senders on the Internet see.

    .PARAMETER Timeout
    How many seconds an HTTPS answer may take once the server is connected, from 1 to 3600; 60 if this is left out. DNS questions and
    connecting have at most 10 seconds each, and never more than this.

    .PARAMETER ThrottleLimit
    How many domains are asked about at once, from 1 to 1024; 128 if this is left out.

    .PARAMETER Proxy
    The HTTP proxy for HTTPS connections, as http://host:port. DNS questions do not go through it.

    .PARAMETER TrustedRoot
    Whose certificates are trusted: Mozilla (Mozilla's list, as it was when the library was built; used if this is left out), System (the
    system's store), or the path of a PEM file, whose certificates are trusted and no others.

    .PARAMETER AllowPrivateAddress
    Connects also to addresses that the Internet does not see, such as 10.0.0.1. Without it they are never connected to, and the result is
    Unknown, since senders on the Internet would find something else. For tests and for split DNS.

    .PARAMETER Offline
    Asks nothing of the network. What only the network can tell is Unknown, and the reason says so.

    .PARAMETER Exception
    The path of a file of accepted risks. A result that one of them covers keeps its status and has the risk in its property Exception.

    .PARAMETER Baseline
    The path of an earlier report in the format json. Each result then says in its property Change how it stands to the earlier one: new,
    fixed, stillFailing, changedEvidence or unchanged.

    .PARAMETER OnlyNew
    Gives only what is new since -Baseline, or has other evidence. For the next comparison, keep a report of all results.

    .EXAMPLE
    Test-ExchangeControl

    Collects the send connectors and accepted domains of this organization and tests them. Run it in the Exchange Management Shell.

    .EXAMPLE
    Get-AcceptedDomain | Test-ExchangeControl

    Tests the accepted domains: whether each one publishes a valid MTA-STS policy.

    .EXAMPLE
    Test-ExchangeControl -Domain contoso.com, fabrikam.com | Format-List

    Tests two domains from any computer, without Exchange, and shows all that was found, and what to publish.

    .EXAMPLE
    Get-AcceptedDomain | Test-ExchangeControl -Proxy http://proxy.contoso.com:8080 -DnsServer 192.0.2.53

    Tests the accepted domains from a server that reaches the Internet by a proxy alone, and asks a DNS server that sees the public records.

    .EXAMPLE
    Test-ExchangeControl -Offline

    Tests all that can be tested without the network. What needs it is Unknown.

    .EXAMPLE
    Get-SendConnector | Test-ExchangeControl -AcceptedDomain (Get-AcceptedDomain)

    Tests the connectors that come down the pipeline. The accepted domains tell where they lead; they are not tested, and nothing is asked of
    the network.

    .EXAMPLE
    Get-SendConnector | Test-ExchangeControl -ControlId EDCA-TLS-011 | Where-Object Status -eq Fail | Set-SendConnector -IgnoreSTARTTLS $false

    Corrects every connector that fails one control. A result binds to Set-SendConnector by its Identity.

    .EXAMPLE
    Import-Clixml send-connectors.clixml, accepted-domains.clixml | Test-ExchangeControl

    Tests what Export-Clixml saved on a server, on a computer without Exchange.

    .EXAMPLE
    Test-ExchangeControl | Where-Object Status -ne Pass | Format-List

    Shows everything that did not pass, with the evidence and the fix.

    .EXAMPLE
    Test-ExchangeControl -Exception .\accepted-risks.json -Baseline .\last-week.json -OnlyNew

    Shows what is new since last week, and marks what is an accepted risk.

    .EXAMPLE
    Test-ExchangeControl -ControlId 'CONTOSO-*' -ControlPath .\controls

    Tests with the controls of your own that are in the folder controls.

    .INPUTS
    Send connectors and accepted domains of Exchange Server, in any form: live, from a remote session, from Import-Clixml, from
    ConvertFrom-Json.

    .OUTPUTS
    ExchangeControl.Result

    .NOTES
    Export-ExchangeControlReport writes the results to a file, with the score.

    .LINK
    Get-ExchangeControl

    .LINK
    Repair-ExchangeControl

    .LINK
    Export-ExchangeControlReport

    .LINK
    about_ExchangeControl
    #>
    [CmdletBinding()]
    [OutputType('ExchangeControl.Result')]
    param(
        [Parameter(Position = 0, ValueFromPipeline = $true)]
        [object[]] $InputObject,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [SupportsWildcards()]
        [ArgumentCompleter({
                param($commandName, $parameterName, $wordToComplete)
                Get-ExchangeControl -ErrorAction SilentlyContinue | Where-Object { $_.Id -like "$wordToComplete*" } | ForEach-Object { $_.Id }
            })]
        [string[]] $ControlId,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string[]] $ControlPath,

        [Parameter()]
        [object[]] $AcceptedDomain,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string[]] $Domain,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string[]] $DnsServer,

        [Parameter()]
        [ValidateRange(1, 3600)]
        [int] $Timeout,

        [Parameter()]
        [ValidateRange(1, 1024)]
        [int] $ThrottleLimit,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string] $Proxy,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [ArgumentCompleter({
                param($commandName, $parameterName, $wordToComplete)
                'Mozilla', 'System' | Where-Object { $_ -like "$wordToComplete*" }
            })]
        [string] $TrustedRoot,

        [Parameter()]
        [switch] $AllowPrivateAddress,

        [Parameter()]
        [switch] $Offline,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string] $Exception,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string] $Baseline,

        [Parameter()]
        [switch] $OnlyNew
    )
    begin {
        # "Nothing piped" is not "piped nothing": only a call without any input collects.
        $live = (-not $MyInvocation.ExpectingInput) -and (-not $PSBoundParameters.ContainsKey('InputObject')) -and
        (-not $PSBoundParameters.ContainsKey('Domain'))
        $targets = [System.Collections.Generic.List[string]]::new()
        # Accepted domains that tell where connectors lead and are not tested themselves.
        $context = [System.Collections.Generic.List[string]]::new()
        $reported = [System.Collections.Generic.HashSet[string]]::new()
        $folders = @()
        $network = ''
        $comparison = @()
        $catalog = $null
        try {
            $folders = @(Resolve-ControlPath $ControlPath)
            $network = New-NetworkJson $PSBoundParameters
            $comparison = @(New-ComparisonMember $PSBoundParameters)
            $catalog = Get-NativeCatalog -ControlId $ControlId -ControlPath $folders
        }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
        Write-ListedError -Caller $PSCmdlet -Entry $catalog.Errors -Reported $reported
    }
    process {
        if ($live) { return }
        try {
            foreach ($item in @(Expand-InputObject $InputObject)) { $targets.Add((ConvertTo-TargetJson $item $catalog.Fields)) }
        }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    end {
        if ((-not $live) -and ($targets.Count -eq 0) -and ($null -eq $Domain)) { return }
        try {
            if ($live) {
                $needed = @('Get-SendConnector')
                if ($null -eq $AcceptedDomain) { $needed += 'Get-AcceptedDomain' }
                Assert-ExchangeCommand -Name $needed -Advice 'Run this in the Exchange Management Shell, pipe objects in, or name domains with -Domain.'
                foreach ($item in @(Get-SendConnector -ErrorAction Stop)) { $targets.Add((ConvertTo-TargetJson $item $catalog.Fields)) }
                $own = $AcceptedDomain
                if ($null -eq $AcceptedDomain) { $own = @(Get-AcceptedDomain -ErrorAction Stop) }
                foreach ($item in @(Expand-InputObject $own)) { $targets.Add((ConvertTo-TargetJson $item $catalog.Fields)) }
                if ($targets.Count -eq 0) { return }
            }
            else {
                foreach ($item in @(Expand-InputObject $AcceptedDomain)) { $context.Add((ConvertTo-TargetJson $item $catalog.Fields)) }
            }
        }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
        $request = New-Request -Target $targets -Domain $Domain -AcceptedDomain $context -ControlId $ControlId -ControlPath $folders -Network (
            $network) -Member $comparison
        Invoke-ControlRun -Request $request -Caller $PSCmdlet -Reported $reported
    }
}

function Get-ExchangeControl {
    <#
    .SYNOPSIS
    Lists the controls that Test-ExchangeControl tests with.

    .DESCRIPTION
    Gives one object for each control: what it demands and why, how severe a failure is, which frameworks it belongs to, what it tests and
    how it is put right. Control files that cannot be used are reported as errors; the other controls are listed all the same.

    .PARAMETER Id
    The ids of the controls; * and ? stand for any characters. All controls are listed if this is left out.

    .PARAMETER ControlPath
    Folders with control files (*.json) of your own. A control with the id of a built-in one takes its place.

    .EXAMPLE
    Get-ExchangeControl

    Lists all built-in controls.

    .EXAMPLE
    Get-ExchangeControl EDCA-TLS-* | Format-List

    Shows everything about the controls whose ids begin with EDCA-TLS-.

    .EXAMPLE
    Get-ExchangeControl -ControlPath .\controls | Where-Object Source -ne built-in

    Lists the controls of your own, and thereby tests whether their files can be used.

    .INPUTS
    None. This command takes no objects from the pipeline.

    .OUTPUTS
    ExchangeControl.Control

    .NOTES
    A control that has no check is listed too. Testing with it gives Unknown, never Pass.

    .LINK
    Test-ExchangeControl

    .LINK
    about_ExchangeControl
    #>
    [CmdletBinding()]
    [OutputType('ExchangeControl.Control')]
    param(
        [Parameter(Position = 0)]
        [ValidateNotNullOrEmpty()]
        [SupportsWildcards()]
        [ArgumentCompleter({
                param($commandName, $parameterName, $wordToComplete)
                Get-ExchangeControl -ErrorAction SilentlyContinue | Where-Object { $_.Id -like "$wordToComplete*" } | ForEach-Object { $_.Id }
            })]
        [string[]] $Id,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string[]] $ControlPath
    )
    $reported = [System.Collections.Generic.HashSet[string]]::new()
    $catalog = $null
    try {
        $folders = @(Resolve-ControlPath $ControlPath)
        $catalog = Get-NativeCatalog -ControlId $Id -ControlPath $folders
    }
    catch { $PSCmdlet.ThrowTerminatingError($_) }
    Write-ListedError -Caller $PSCmdlet -Entry $catalog.Errors -Reported $reported
    foreach ($control in $catalog.Controls) { $control }
}

function Repair-ExchangeControl {
    <#
    .SYNOPSIS
    Corrects send connectors that failed a control, and tests them again.

    .DESCRIPTION
    Takes the results of Test-ExchangeControl. For each result that is Fail and has an automatable fix it asks, runs Set-SendConnector with all of
    the fix's parameters in one command, reads the connector again with Get-SendConnector and tests it with the same control. Each change gives
    one object with the verdict before and after it. Other results are left alone; a failure without an automatable fix gives a warning that
    says what to do by hand, such as what to publish for a domain. A failure that is an accepted risk is warned about and left alone, unless
    -IncludeExcepted is given. The test after a change asks nothing of the network.

    Nothing but Set-SendConnector is ever run to make a change, and only settings of the connector are changed: address spaces, the name and
    credentials never.

    The command asks before every change. -WhatIf shows the exact commands and changes nothing; -Confirm:$false does not ask.

    .PARAMETER InputObject
    Results of Test-ExchangeControl, also ones that were saved with Export-Clixml or ConvertTo-Json and read back.

    .PARAMETER ControlPath
    Folders with control files (*.json) of your own. Needed for results of controls that are not built in.

    .PARAMETER AcceptedDomain
    Accepted domains for the test after a change. Get-AcceptedDomain is used if this is left out.

    .PARAMETER IncludeExcepted
    Corrects accepted risks too. Without it, a failure with an exception that has not expired gives a warning and is left alone.

    .PARAMETER WhatIf
    Shows the commands that would be run, and changes nothing.

    .PARAMETER Confirm
    Asks before each change. This is the default; -Confirm:$false does not ask.

    .EXAMPLE
    Test-ExchangeControl | Repair-ExchangeControl -WhatIf

    Shows the commands that would correct this organization's connectors.

    .EXAMPLE
    Test-ExchangeControl | Repair-ExchangeControl

    Corrects the connectors, asking before each change.

    .EXAMPLE
    Test-ExchangeControl -ControlId EDCA-TLS-011 | Repair-ExchangeControl -Confirm:$false | Where-Object After -ne Pass

    Corrects everything that fails one control without asking, and shows what does not pass afterwards.

    .EXAMPLE
    Import-Clixml reviewed-results.clixml | Repair-ExchangeControl

    Corrects what an earlier test found and somebody reviewed.

    .INPUTS
    ExchangeControl.Result

    .OUTPUTS
    ExchangeControl.Repair

    .NOTES
    On a subscribed Edge Transport server, connectors are changed on a Mailbox server and reach the Edge by Start-EdgeSynchronization.

    .LINK
    Test-ExchangeControl

    .LINK
    about_ExchangeControl
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'High')]
    [OutputType('ExchangeControl.Repair')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true)]
        [object[]] $InputObject,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string[]] $ControlPath,

        [Parameter()]
        [object[]] $AcceptedDomain,

        [Parameter()]
        [switch] $IncludeExcepted
    )
    begin {
        # A module does not see the preferences of the script that calls it. For a command that changes things it must:
        # a script run with -WhatIf means this command too.
        if (-not $PSBoundParameters.ContainsKey('WhatIf')) {
            $WhatIfPreference = $PSCmdlet.SessionState.PSVariable.GetValue('WhatIfPreference')
        }
        if (-not $PSBoundParameters.ContainsKey('Confirm')) {
            $ConfirmPreference = $PSCmdlet.SessionState.PSVariable.GetValue('ConfirmPreference')
        }
        $reported = [System.Collections.Generic.HashSet[string]]::new()
        $domain = @{ Read = $false; Given = $AcceptedDomain; Json = [System.Collections.Generic.List[string]]::new() }
        $folders = @()
        $catalog = $null
        $known = @()
        try {
            $folders = @(Resolve-ControlPath $ControlPath)
            $catalog = Get-NativeCatalog -ControlPath $folders
            $known = @(foreach ($control in $catalog.Controls) { $control.Id })
        }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
        Write-ListedError -Caller $PSCmdlet -Entry $catalog.Errors -Reported $reported
    }
    process {
        foreach ($result in @(Expand-InputObject $InputObject)) {
            $plan = Get-RepairPlan -Result $result -KnownControl $known -IncludeExcepted $IncludeExcepted.IsPresent
            if ($plan.Action -eq 'None') {
                Write-Verbose "$($plan.ControlId) is $($plan.Before) for '$($plan.Identity)': nothing to correct."
                continue
            }
            if ($plan.Action -eq 'Warn') {
                Write-Warning $plan.Message
                continue
            }
            if ($plan.Action -eq 'Error') {
                $PSCmdlet.WriteError((New-ControlError -Code $plan.Code -Message $plan.Message -Category $plan.Category -Target $result))
                continue
            }
            if (-not $WhatIfPreference) {
                # Before the question, so that nobody is asked about a change that cannot be made.
                try {
                    Assert-ExchangeCommand -Name 'Set-SendConnector', 'Get-SendConnector' -Advice (
                        'Run this in the Exchange Management Shell. With -WhatIf it shows the commands anywhere.')
                }
                catch { $PSCmdlet.ThrowTerminatingError($_) }
            }
            $question = "Correct $($plan.ControlId) by running this command?`n$($plan.Command)"
            if ($PSCmdlet.ShouldProcess($plan.Command, $question, 'Repair-ExchangeControl')) {
                $outcome = Invoke-RepairPlan -Plan $plan -Domain $domain -Field $catalog.Fields -ControlPath $folders
                $outcome['Repair']
                if ($null -ne $outcome['Failure']) { $PSCmdlet.WriteError($outcome['Failure']) }
            }
        }
    }
}

function Export-ExchangeControlReport {
    <#
    .SYNOPSIS
    Writes the results of Test-ExchangeControl to a report file.

    .DESCRIPTION
    Takes the results of Test-ExchangeControl, also ones that were saved, and writes one report: for people (html, markdown, table, csv), for
    other programs (json, ndjson), for build systems and code scanners (junit, sarif), or as a checklist of the STIG viewers (ckl, cklb). The
    extension of the file tells the format, unless -Format does.

    The file is written whole or not at all: where something goes wrong, an earlier file stays as it was. An earlier file is replaced, unless
    -NoClobber is given; a .cklb checklist that is there is updated.

    .PARAMETER Path
    The file to write. The folder must exist. Nothing in the path is a wildcard.

    .PARAMETER InputObject
    Results of Test-ExchangeControl, also ones that were saved with Export-Clixml or ConvertTo-Json (with -Depth 8) and read back.

    .PARAMETER Format
    The format: table, json, ndjson, csv, sarif, junit, ckl, cklb, markdown or html. If this is left out, the extension of the file tells: .txt
    is table, .xml junit, .md markdown, .htm html, .sarif.json sarif, and the others are called like their format.

    .PARAMETER TrendPath
    A folder with earlier reports in the format json. The html report then shows how the score went. What cannot be read of it stands in the
    report.

    .PARAMETER Exception
    The path of a file of accepted risks, for results that Test-ExchangeControl was not given it for. What is wrong with the file stands in the
    report; Test-ExchangeControl tells it as errors and warnings.

    .PARAMETER Baseline
    The path of an earlier report in the format json. The report then says what changed since, and what is gone.

    .PARAMETER OnlyNew
    Reports only what is new since -Baseline. Such a report cannot be the baseline of another.

    .PARAMETER ControlPath
    Folders with control files (*.json) of your own. Needed for the score of results of controls that are not built in.

    .PARAMETER NoClobber
    Does not replace a file that is there.

    .PARAMETER PassThru
    Gives the file that was written as an object. Without it, the command gives nothing.

    .PARAMETER WhatIf
    Says which file would be written, and writes nothing.

    .PARAMETER Confirm
    Asks before the file is written.

    .EXAMPLE
    Test-ExchangeControl | Export-ExchangeControlReport report.html

    Tests this organization and writes a page to read.

    .EXAMPLE
    Test-ExchangeControl | Export-ExchangeControlReport -Path results.xml -Format junit -PassThru

    Writes what build systems show as tests, and gives the file.

    .EXAMPLE
    Import-Clixml results.clixml | Export-ExchangeControlReport -Path .\exchange.cklb

    Writes saved results into a checklist. If it is there, it is updated.

    .EXAMPLE
    Test-ExchangeControl | Export-ExchangeControlReport report.html -TrendPath D:\Reports -Exception .\accepted-risks.json

    Writes a page with the accepted risks marked, and how the score went in the reports of the folder.

    .EXAMPLE
    $results = Test-ExchangeControl; 'report.html', 'report.json' | ForEach-Object { $results | Export-ExchangeControlReport -Path $_ }

    Tests once and writes two reports.

    .INPUTS
    ExchangeControl.Result

    .OUTPUTS
    None, or System.IO.FileInfo with -PassThru.

    .NOTES
    Reports are UTF-8. A result saved by ConvertTo-Json without -Depth 8 has lost its evidence and is refused.

    .LINK
    Test-ExchangeControl

    .LINK
    Register-ExchangeControlScan

    .LINK
    about_ExchangeControl
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    [OutputType([System.IO.FileInfo])]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [Alias('LiteralPath')]
        [string] $Path,

        [Parameter(Mandatory = $true, ValueFromPipeline = $true)]
        [AllowEmptyCollection()]
        [object[]] $InputObject,

        [Parameter()]
        [ValidateSet('table', 'json', 'ndjson', 'csv', 'sarif', 'junit', 'ckl', 'cklb', 'markdown', 'html')]
        [string] $Format,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string] $TrendPath,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string] $Exception,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string] $Baseline,

        [Parameter()]
        [switch] $OnlyNew,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string[]] $ControlPath,

        [Parameter()]
        [switch] $NoClobber,

        [Parameter()]
        [switch] $PassThru
    )
    begin {
        # A module does not see the preferences of the script that calls it; see Repair-ExchangeControl.
        if (-not $PSBoundParameters.ContainsKey('WhatIf')) {
            $WhatIfPreference = $PSCmdlet.SessionState.PSVariable.GetValue('WhatIfPreference')
        }
        if (-not $PSBoundParameters.ContainsKey('Confirm')) {
            $ConfirmPreference = $PSCmdlet.SessionState.PSVariable.GetValue('ConfirmPreference')
        }
        # Before the first result comes, which may take long: what cannot be written should show at once.
        $results = [System.Collections.Generic.List[string]]::new()
        $file = ''
        $name = ''
        $folders = @()
        $members = @()
        try {
            $file = Resolve-ReportPath $Path
            $name = Get-ReportFormat -Path $file -Format $Format
            $folders = @(Resolve-ControlPath $ControlPath)
            $members = @(New-ComparisonMember $PSBoundParameters) + @(New-TrendMember $PSBoundParameters)
            if ($NoClobber -and [System.IO.File]::Exists($file)) {
                throw (New-ControlError -Code 'ReportExists' -Category ResourceExists -Target $file -Message (
                        "There is a file '$file' already, and -NoClobber was given. Name another file."))
            }
        }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    process {
        try {
            foreach ($item in @(Expand-InputObject $InputObject)) { $results.Add((ConvertTo-ResultJson $item)) }
        }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
    }
    end {
        if (-not $PSCmdlet.ShouldProcess($file, "Write a report of $($results.Count) results as $name")) { return }
        try {
            $checklist = ''
            if (($name -eq 'cklb') -and [System.IO.File]::Exists($file)) { $checklist = [System.IO.File]::ReadAllText($file) }
            $request = New-ReportRequest -Format $name -Result $results -ControlPath $folders -Checklist $checklist -Member $members
            Save-WholeFile -Path $file -Content (Get-NativeReport $request) -NoClobber $NoClobber.IsPresent
        }
        catch { $PSCmdlet.ThrowTerminatingError($_) }
        if ($PassThru) { Get-Item -LiteralPath $file -Force }
    }
}

function Register-ExchangeControlScan {
    <#
    .SYNOPSIS
    Makes a scheduled task of Windows that tests Exchange every day and keeps the reports.

    .DESCRIPTION
    Registers a task that runs Scripts\Invoke-ExchangeControlScan.ps1 of this module in Windows PowerShell, every day at the same time. The script
    collects the send connectors and accepted domains, tests them, and writes reports with the time in their names, such as
    ExchangeControl-2026-05-04T093000Z.html. It keeps the newest of them and a log, ExchangeControl.log. Its exit code is the task's last result:
    0 nothing failed, 1 a control failed, 2 something is Unknown or was refused, 3 the scan was not done.

    Give it an account of its own that can read Exchange and nothing more: a member of the role group View-Only Organization Management that may
    write to the folder of the reports. With a group managed service account, no password is kept.

    Run this in an elevated PowerShell on the computer that is to run the scan. -WhatIf shows the exact command line. Unregister-ScheduledTask
    removes the task again.

    .PARAMETER OutputFolder
    The folder for reports and log. It must exist.

    .PARAMETER At
    The time of day.

    .PARAMETER UserId
    The account that runs the scan and needs no password here: a group managed service account ('CONTOSO\svc-exc$', in single quotes because of the
    dollar sign), or a service account of the system with -LogonType ServiceAccount.

    .PARAMETER LogonType
    Password, which is right for group managed service accounts, or ServiceAccount.

    .PARAMETER Credential
    An account with a password, which Windows keeps with the task.

    .PARAMETER TaskName
    The name of the task.

    .PARAMETER Format
    The formats of the reports. If this is left out: html and json.

    .PARAMETER ControlId
    The ids of the controls to test with; * and ? stand for any characters. All are used if this is left out.

    .PARAMETER ControlPath
    A folder with control files (*.json) of your own.

    .PARAMETER Exception
    The path of a file of accepted risks.

    .PARAMETER Baseline
    What to compare with: Latest is the newest earlier report in the format json in the folder of the reports; anything else is the path of one.

    .PARAMETER Keep
    How many reports of each format to keep. If this is left out: 30.

    .PARAMETER Proxy
    The HTTP proxy to fetch policies through, as in http://proxy.contoso.com:8080.

    .PARAMETER DnsServer
    The IP addresses of the DNS servers to ask in place of the system's.

    .PARAMETER Timeout
    How many seconds a policy may take to come, once connected.

    .PARAMETER Offline
    Asks nothing of the network but Exchange.

    .PARAMETER ConnectionUri
    Reads Exchange by a remote session to this address, as in http://mail.contoso.com/PowerShell/. Without it, the scan uses the Exchange
    snap-in of this computer.

    .PARAMETER Force
    Replaces a task of the same name.

    .PARAMETER WhatIf
    Shows the command line of the task, and registers nothing.

    .PARAMETER Confirm
    Asks before the task is registered.

    .EXAMPLE
    Register-ExchangeControlScan -OutputFolder D:\Reports -At 03:00 -UserId 'CONTOSO\svc-exc$' -ConnectionUri http://mail.contoso.com/PowerShell/

    Tests every night as a group managed service account, over a remote session.

    .EXAMPLE
    Register-ExchangeControlScan -OutputFolder D:\Reports -At 03:00 -UserId 'CONTOSO\svc-exc$' -WhatIf

    Shows the command line that the task would run.

    .EXAMPLE
    Register-ExchangeControlScan -OutputFolder D:\Reports -At 03:00 -Credential CONTOSO\svc-exc -Format html, json, cklb -Baseline Latest -Keep 90

    Asks for the password of a service account, writes three reports each night, compares with the night before, and keeps 90 of each.

    .EXAMPLE
    Unregister-ScheduledTask -TaskName 'ExchangeControl scan'

    Removes the task. Reports and log stay.

    .INPUTS
    None. This command takes no objects from the pipeline.

    .OUTPUTS
    The task, as Register-ScheduledTask gives it.

    .NOTES
    The paths are entered as they are here. An account does not see the drive letters that another one mapped: use \\server\share for folders
    on other computers.

    .LINK
    Export-ExchangeControlReport

    .LINK
    Test-ExchangeControl

    .LINK
    about_ExchangeControl
    #>
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium', DefaultParameterSetName = 'Account')]
    [OutputType('Microsoft.Management.Infrastructure.CimInstance')]
    param(
        [Parameter(Mandatory = $true, Position = 0)]
        [ValidateNotNullOrEmpty()]
        [string] $OutputFolder,

        [Parameter(Mandatory = $true)]
        [datetime] $At,

        [Parameter(Mandatory = $true, ParameterSetName = 'Account')]
        [ValidateNotNullOrEmpty()]
        [string] $UserId,

        [Parameter(ParameterSetName = 'Account')]
        [ValidateSet('Password', 'ServiceAccount')]
        [string] $LogonType = 'Password',

        [Parameter(Mandatory = $true, ParameterSetName = 'Credential')]
        [ValidateNotNull()]
        [pscredential]
        [System.Management.Automation.Credential()]
        $Credential,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string] $TaskName = 'ExchangeControl scan',

        [Parameter()]
        [ValidateSet('table', 'json', 'ndjson', 'csv', 'sarif', 'junit', 'ckl', 'cklb', 'markdown', 'html')]
        [string[]] $Format,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string[]] $ControlId,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string] $ControlPath,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string] $Exception,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string] $Baseline,

        [Parameter()]
        [ValidateRange(1, 100000)]
        [int] $Keep,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string] $Proxy,

        [Parameter()]
        [ValidateNotNullOrEmpty()]
        [string[]] $DnsServer,

        [Parameter()]
        [ValidateRange(1, 3600)]
        [int] $Timeout,

        [Parameter()]
        [switch] $Offline,

        [Parameter()]
        [ValidatePattern('^https?://')]
        [string] $ConnectionUri,

        [Parameter()]
        [switch] $Force
    )
    # A module does not see the preferences of the script that calls it; see Repair-ExchangeControl.
    if (-not $PSBoundParameters.ContainsKey('WhatIf')) {
        $WhatIfPreference = $PSCmdlet.SessionState.PSVariable.GetValue('WhatIfPreference')
    }
    if (-not $PSBoundParameters.ContainsKey('Confirm')) {
        $ConfirmPreference = $PSCmdlet.SessionState.PSVariable.GetValue('ConfirmPreference')
    }
    $shell = [System.IO.Path]::Combine([Environment]::GetFolderPath('System'), 'WindowsPowerShell', 'v1.0', 'powershell.exe')
    $arguments = ''
    try {
        Assert-TaskCommand
        $arguments = Format-ScanArgument (New-ScanSetting $PSBoundParameters)
    }
    catch { $PSCmdlet.ThrowTerminatingError($_) }
    $account = $UserId
    if ($PSCmdlet.ParameterSetName -eq 'Credential') { $account = $Credential.UserName }
    $operation = "Register the scheduled task '$TaskName', daily at $($At.ToString('HH:mm', [System.Globalization.CultureInfo]::InvariantCulture)) as $account"
    if (-not $PSCmdlet.ShouldProcess("$shell $arguments", $operation)) { return }
    try {
        $parts = @{
            Action      = New-ScheduledTaskAction -Execute $shell -Argument $arguments
            Trigger     = New-ScheduledTaskTrigger -Daily -At $At
            Settings    = New-ScheduledTaskSettingsSet -StartWhenAvailable -MultipleInstances IgnoreNew -ExecutionTimeLimit ([timespan]::FromHours(4))
            Description = 'Tests Exchange Server against security controls and keeps the reports.'
        }
        $entry = @{ TaskName = $TaskName; Force = $Force; ErrorAction = 'Stop' }
        if ($PSCmdlet.ParameterSetName -eq 'Credential') {
            $entry['User'] = $account
            $entry['Password'] = $Credential.GetNetworkCredential().Password
        }
        else {
            $parts['Principal'] = New-ScheduledTaskPrincipal -UserId $account -LogonType $LogonType
        }
        Register-ScheduledTask -InputObject (New-ScheduledTask @parts) @entry
    }
    catch { $PSCmdlet.ThrowTerminatingError($_) }
}

#endregion

Export-ModuleMember -Function Test-ExchangeControl, Get-ExchangeControl, Repair-ExchangeControl, Export-ExchangeControlReport, Register-ExchangeControlScan
