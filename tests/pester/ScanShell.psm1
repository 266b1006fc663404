# Runs the scan script as the Task Scheduler does: in a PowerShell of its own, where the Exchange commands are stand-ins.
Set-StrictMode -Version 2.0

$script:Scan = [System.IO.Path]::Combine((Split-Path -Path (Split-Path -Path $PSScriptRoot -Parent) -Parent), 'module', 'ExchangeControl', 'Scripts',
    'Invoke-ExchangeControlScan.ps1')

# The PowerShell that this runs in.
function Get-ScanShellPath {
    foreach ($name in 'powershell.exe', 'pwsh.exe', 'pwsh') {
        $path = [System.IO.Path]::Combine($PSHOME, $name)
        if ([System.IO.File]::Exists($path)) { return $path }
    }
    'pwsh'
}

# Runs a command line; gives exit code and what was written to standard error. $Exchange is what the stand-ins do.
function Invoke-ScanShell {
    param([string] $Argument, [string] $Exchange = 'full')
    $start = [System.Diagnostics.ProcessStartInfo]::new((Get-ScanShellPath), $Argument)
    $start.UseShellExecute = $false
    $start.CreateNoWindow = $true
    $start.RedirectStandardError = $true
    $modules = [System.IO.Path]::Combine($PSScriptRoot, 'modules')
    $start.EnvironmentVariables['PSModulePath'] = $modules + [System.IO.Path]::PathSeparator + $env:PSModulePath
    $start.EnvironmentVariables['EXCHANGE_STANDIN'] = $Exchange
    $process = [System.Diagnostics.Process]::Start($start)
    try {
        $text = $process.StandardError.ReadToEnd()
        $process.WaitForExit()
        [pscustomobject] @{ ExitCode = $process.ExitCode; ErrorText = $text }
    }
    finally { $process.Dispose() }
}

# Runs the scan with these arguments, written as on a command line.
function Invoke-Scan {
    param([string] $Argument, [string] $Exchange = 'full')
    Invoke-ScanShell -Argument ("-NoProfile -NonInteractive -ExecutionPolicy Bypass -File `"$($script:Scan)`" $Argument") -Exchange $Exchange
}

Export-ModuleMember -Function Invoke-ScanShell, Invoke-Scan
