# Stand-ins for the Exchange commands, for tests without Exchange. They have the parameter attributes of the real ones (of
# Set-SendConnector only Identity takes pipeline input) and refuse what Exchange refuses, as far as the fixes need it.
Set-StrictMode -Version 2.0

$script:Connectors = @()
$script:Domains = @()
$script:Changes = @()
$script:FailingIdentity = $null
$script:FixtureFolder = [System.IO.Path]::Combine((Split-Path -Path $PSScriptRoot -Parent), 'fixtures')

# The objects of a fixture file, one by one in every PowerShell.
function Get-ExchangeFixture {
    param([string] $Name)
    $path = Join-Path -Path $script:FixtureFolder -ChildPath $Name
    if ($Name -like '*.clixml') {
        Import-Clixml -LiteralPath $path
    }
    else {
        $text = [System.IO.File]::ReadAllText($path)
        foreach ($item in (ConvertFrom-Json -InputObject $text)) { $item }
    }
}

# What the stand-ins serve. Forgets all changes.
function Set-ExchangeStandIn {
    param([object[]] $Connector, [object[]] $Domain, [string] $FailingIdentity)
    $script:Connectors = @($Connector | Where-Object { $null -ne $_ })
    $script:Domains = @($Domain | Where-Object { $null -ne $_ })
    $script:FailingIdentity = $FailingIdentity
    $script:Changes = @()
}

# The calls of Set-SendConnector since then.
function Get-ExchangeChange {
    $script:Changes
}

function Get-SendConnector {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [string] $Identity,
        [object] $DomainController
    )
    process {
        $found = @($script:Connectors | Where-Object { [string]::IsNullOrEmpty($Identity) -or $_.Name -eq $Identity })
        if ((-not [string]::IsNullOrEmpty($Identity)) -and ($found.Count -eq 0)) {
            Write-Error -Message "The operation couldn't be performed because object '$Identity' couldn't be found." -Category ObjectNotFound
            return
        }
        $found
    }
}

function Get-AcceptedDomain {
    [CmdletBinding()]
    param(
        [Parameter(Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [string] $Identity,
        [object] $DomainController
    )
    process {
        $script:Domains | Where-Object { [string]::IsNullOrEmpty($Identity) -or $_.Name -eq $Identity }
    }
}

function Assert-ConnectorConstraint {
    param([object] $Connector)
    if ($Connector.RequireTLS -and $Connector.IgnoreSTARTTLS) { throw 'RequireTLS needs IgnoreSTARTTLS to be $false.' }
    $level = [string] $Connector.TlsAuthLevel
    if (($level -ne '') -and (-not $Connector.RequireTLS)) { throw 'TlsAuthLevel needs RequireTLS to be $true.' }
    if (([string] $Connector.TlsDomain -ne '') -and ($level -ne 'DomainValidation')) { throw 'TlsDomain needs TlsAuthLevel DomainValidation.' }
    if ((@($Connector.SmartHosts).Count -gt 0) -and $Connector.DNSRoutingEnabled) { throw 'Smart hosts need DNSRoutingEnabled to be $false.' }
}

function Set-SendConnector {
    [CmdletBinding(SupportsShouldProcess = $true, ConfirmImpact = 'Medium')]
    param(
        [Parameter(Mandatory = $true, Position = 0, ValueFromPipeline = $true, ValueFromPipelineByPropertyName = $true)]
        [string] $Identity,
        [object] $AddressSpaces,
        [pscredential] $AuthenticationCredential,
        [bool] $CloudServicesMailEnabled,
        [string] $Comment,
        [object] $ConnectionInactivityTimeOut,
        [bool] $DNSRoutingEnabled,
        [object] $DomainController,
        [bool] $DomainSecureEnabled,
        [bool] $Enabled,
        [object] $ErrorPolicies,
        [switch] $Force,
        [bool] $ForceHELO,
        [object] $Fqdn,
        [bool] $FrontendProxyEnabled,
        [bool] $IgnoreSTARTTLS,
        [bool] $IsScopedConnector,
        [object] $MaxMessageSize,
        [string] $Name,
        [int] $Port,
        [object] $ProtocolLoggingLevel,
        [bool] $RequireOorg,
        [bool] $RequireTLS,
        [object] $SmartHostAuthMechanism,
        [object] $SmartHosts,
        [int] $SmtpMaxMessagesPerConnection,
        [object] $SourceIPAddress,
        [object] $SourceTransportServers,
        [object] $TlsAuthLevel,
        [object] $TlsCertificateName,
        [object] $TlsDomain,
        [bool] $UseExternalDNSServersEnabled
    )
    process {
        if (-not $PSCmdlet.ShouldProcess($Identity, 'Set-SendConnector')) { return }
        if ($Identity -eq $script:FailingIdentity) { throw "You don't have sufficient permissions to change '$Identity'." }
        $connector = @(Get-SendConnector -Identity $Identity -ErrorAction Stop)[0]
        $settings = @{}
        foreach ($entry in $PSBoundParameters.GetEnumerator()) {
            if ($null -eq $connector.PSObject.Properties[$entry.Key]) { continue }
            if ($entry.Key -eq 'Identity') { continue }
            $settings[$entry.Key] = $entry.Value
            $connector.PSObject.Properties[$entry.Key].Value = $entry.Value
        }
        Assert-ConnectorConstraint $connector
        $script:Changes += [pscustomobject] @{ Identity = $Identity; Settings = $settings }
    }
}

Export-ModuleMember -Function Get-ExchangeFixture, Set-ExchangeStandIn, Get-ExchangeChange, Get-SendConnector, Get-AcceptedDomain, Set-SendConnector
