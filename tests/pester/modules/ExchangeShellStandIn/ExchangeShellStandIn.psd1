@{
    RootModule        = 'ExchangeShellStandIn.psm1'
    ModuleVersion     = '1.0.0'
    GUID              = '0d0a3b52-6f0e-4f3c-9c1b-2f5f2d9a7c11'
    Author            = 'ExchangeControl contributors'
    FunctionsToExport = @('Get-SendConnector', 'Get-AcceptedDomain')
    CmdletsToExport   = @()
    VariablesToExport = @()
    AliasesToExport   = @()
}
