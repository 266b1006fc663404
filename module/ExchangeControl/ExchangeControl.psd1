@{
    RootModule           = 'ExchangeControl.psm1'
    ModuleVersion        = '0.1.0'
    GUID                 = '5b7c1d4e-8f26-4a93-b0de-71c9e3a2f608'
    Author               = 'ExchangeControl contributors'
    CompanyName          = 'ExchangeControl contributors'
    Copyright            = '(c) 2026 ExchangeControl contributors. MIT License.'
    Description          = 'Tests the send connectors and accepted domains of Exchange Server against security controls, MTA-STS policies included, explains every verdict, corrects what can be corrected, writes reports, and runs as a scheduled task.'

    PowerShellVersion    = '5.1'
    CompatiblePSEditions = @('Desktop', 'Core')

    TypesToProcess       = @('ExchangeControl.Types.ps1xml')
    FormatsToProcess     = @('ExchangeControl.Format.ps1xml')

    FunctionsToExport    = @('Test-ExchangeControl', 'Get-ExchangeControl', 'Repair-ExchangeControl', 'Export-ExchangeControlReport', 'Register-ExchangeControlScan')
    CmdletsToExport      = @()
    VariablesToExport    = @()
    AliasesToExport      = @()

    # What the module is made of besides the controls, their schema and the library.
    FileList             = @(
        'ExchangeControl.psd1'
        'ExchangeControl.psm1'
        'ExchangeControl.Format.ps1xml'
        'ExchangeControl.Types.ps1xml'
        'en-US/about_ExchangeControl.help.txt'
        'Scripts/Invoke-ExchangeControlScan.ps1'
    )

    PrivateData          = @{
        PSData = @{
            Tags = @('Exchange', 'ExchangeServer', 'SMTP', 'TLS', 'MTA-STS', 'Security', 'Compliance', 'STIG', 'PSEdition_Desktop', 'PSEdition_Core')
        }
    }
}
