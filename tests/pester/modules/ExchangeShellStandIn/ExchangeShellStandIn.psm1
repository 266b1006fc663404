# Stand-ins for the Exchange commands of a shell of its own, found by PSModulePath. The environment variable EXCHANGE_STANDIN says what they do:
# "empty" gives nothing, "refused" fails, anything else gives the objects of the fixtures.
Set-StrictMode -Version 2.0

function Get-StandInObject {
    param([string] $Fixture)
    if ($env:EXCHANGE_STANDIN -eq 'refused') { throw "You don't have sufficient permissions." }
    if ($env:EXCHANGE_STANDIN -eq 'empty') { return }
    $tests = Split-Path -Path (Split-Path -Path (Split-Path -Path $PSScriptRoot -Parent) -Parent) -Parent
    Import-Clixml -LiteralPath ([System.IO.Path]::Combine($tests, 'fixtures', $Fixture))
}

function Get-SendConnector {
    [CmdletBinding()]
    param([string] $Identity)
    Get-StandInObject 'send-connectors.remote.clixml'
}

function Get-AcceptedDomain {
    [CmdletBinding()]
    param([string] $Identity)
    Get-StandInObject 'accepted-domains.remote.clixml'
}

Export-ModuleMember -Function Get-SendConnector, Get-AcceptedDomain
