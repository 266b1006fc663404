<#
.SYNOPSIS
Builds and tests ExchangeControl.

.DESCRIPTION
Build compiles the library and copies it into module/ExchangeControl/bin, where the module looks for it; the module is then usable in
place. On Windows the library holds the C runtime, and its symbols (exchange_control.pdb) and the command (exchange-control.exe) stay
in the target folder. Test builds, runs the Rust tests and then the Pester tests. Clean removes what was built. Needs Rust
(https://rustup.rs), and Pester 5 for the PowerShell tests.

.PARAMETER Task
What to do: Build, Test, Pester or Clean; several run in the order given. Pester runs only the PowerShell tests, on the library as it was last built.

.PARAMETER Configuration
Release (the default) or Debug.

.EXAMPLE
./build.ps1

.EXAMPLE
./build.ps1 -Task Test -Configuration Debug

.EXAMPLE
./build.ps1 -Task Clean, Build
#>
#Requires -Version 5.1
[CmdletBinding()]
param(
    [string[]] $Task = @('Build'),

    [ValidateSet('Release', 'Debug')]
    [string] $Configuration = 'Release'
)
Set-StrictMode -Version 2.0
$ErrorActionPreference = 'Stop'

$root = $PSScriptRoot
$moduleFolder = Join-Path -Path (Join-Path -Path $root -ChildPath 'module') -ChildPath 'ExchangeControl'
$manifest = Join-Path -Path $moduleFolder -ChildPath 'ExchangeControl.psd1'

function Invoke-Cargo {
    param([string[]] $Argument)
    if ($null -eq (Get-Command -Name 'cargo' -CommandType Application -ErrorAction Ignore)) {
        throw 'cargo was not found. Install Rust from https://rustup.rs, and start a new shell.'
    }
    Write-Host "cargo $($Argument -join ' ')"
    & cargo $Argument (Get-FlagArgument)
    if ($LASTEXITCODE -ne 0) { throw "cargo $($Argument -join ' ') failed with exit code $LASTEXITCODE." }
}

# With Microsoft's linker: the C runtime goes into the library, so that no server needs a redistributable package for it; the symbols
# go into a .pdb file of their own; and no path of this machine goes into either. Other linkers pass over this.
function Get-FlagArgument {
    $flags = @('-Ctarget-feature=+crt-static', '-Cdebuginfo=line-tables-only', '-Cstrip=none', '-Clink-arg=/Brepro',
        '-Clink-arg=/PDBALTPATH:%_PDB%', "--remap-path-prefix=$HOME=~", "--remap-path-prefix=$root=.")
    # An apostrophe cannot stand in this list; a path with one stays in the file.
    $list = "'" + (@($flags -notlike "*'*") -join "','") + "'"
    foreach ($machine in @('x86_64', 'aarch64')) { '--config'; "target.$machine-pc-windows-msvc.rustflags=[$list]" }
}

function Get-ProfileArgument {
    if ($Configuration -eq 'Release') { return '--release' }
}

function Get-TargetFolder {
    $folder = Join-Path -Path $root -ChildPath 'target'
    if (-not [string]::IsNullOrEmpty($env:CARGO_TARGET_DIR)) { $folder = [System.IO.Path]::Combine($root, $env:CARGO_TARGET_DIR) }
    Join-Path -Path $folder -ChildPath $Configuration.ToLowerInvariant()
}

# The module knows best where it looks for the library. Importing it does not load the library.
function Get-LibraryDestination {
    $module = Import-Module -Name $manifest -Force -PassThru
    & $module { Get-BundledLibraryPath }
}

function Invoke-BuildTask {
    Invoke-Cargo -Argument (@('build', '--bins') + @(Get-ProfileArgument))
    # By itself: cargo does not optimise a library as a whole that it also makes for Rust, and then it is larger.
    Invoke-Cargo -Argument (@('rustc', '--lib', '--crate-type', 'cdylib') + @(Get-ProfileArgument))
    $destination = Get-LibraryDestination
    $library = Join-Path -Path (Get-TargetFolder) -ChildPath (Split-Path -Path $destination -Leaf)
    if (-not (Test-Path -LiteralPath $library)) {
        throw "cargo built no '$library'. Was another target chosen, by CARGO_BUILD_TARGET or a cargo configuration file?"
    }
    $folder = Split-Path -Path $destination -Parent
    $null = New-Item -ItemType Directory -Path $folder -Force
    try {
        Copy-Item -LiteralPath $library -Destination $destination -Force
    }
    catch {
        throw "The library could not be copied to '$destination': $($_.Exception.Message) Close the PowerShell windows that use the module."
    }
    Write-Host "built $destination"
}

function Invoke-TestTask {
    Invoke-BuildTask
    Invoke-Cargo -Argument (@('test', '--features', 'test-panic') + @(Get-ProfileArgument))
    # In a process of its own: a library that was loaded once cannot be replaced by the next build.
    $arguments = @('-NoProfile', '-NonInteractive')
    if ($PSVersionTable.PSEdition -eq 'Desktop') { $arguments += @('-ExecutionPolicy', 'Bypass') }
    $arguments += @('-File', (Join-Path -Path $root -ChildPath 'build.ps1'), '-Task', 'Pester', '-Configuration', $Configuration)
    $shell = Get-ShellPath
    & $shell $arguments
    if ($LASTEXITCODE -ne 0) { throw "The Pester tests failed with exit code $LASTEXITCODE." }
}

# The PowerShell that this runs in.
function Get-ShellPath {
    if ($PSVersionTable.PSEdition -eq 'Desktop') { return (Join-Path -Path $PSHOME -ChildPath 'powershell.exe') }
    foreach ($name in @('pwsh.exe', 'pwsh')) {
        $path = Join-Path -Path $PSHOME -ChildPath $name
        if (Test-Path -LiteralPath $path -PathType Leaf) { return $path }
    }
    'pwsh'
}

function Invoke-PesterTask {
    $pester = @(Get-Module -Name 'Pester' -ListAvailable | Where-Object { $_.Version -ge [version] '5.0.0' })
    if ($pester.Count -eq 0) {
        Write-Warning '*******************************************************************************'
        Write-Warning 'THE PESTER TESTS WERE SKIPPED: Pester 5 is not installed, so the module is untested.'
        Write-Warning 'Install it with: Install-Module -Name Pester -MinimumVersion 5.0.0 -Scope CurrentUser'
        Write-Warning '*******************************************************************************'
        return
    }
    Import-Module -Name 'Pester' -MinimumVersion '5.0.0'
    $settings = New-PesterConfiguration
    $settings.Run.Path = [System.IO.Path]::Combine($root, 'tests', 'pester')
    $settings.Run.PassThru = $true
    $settings.Output.Verbosity = 'Detailed'
    $result = Invoke-Pester -Configuration $settings
    if ($result.Result -ne 'Passed') { throw "The Pester tests failed: $($result.FailedCount) of $($result.TotalCount)." }
}

function Invoke-CleanTask {
    Invoke-Cargo -Argument @('clean')
    $folder = Join-Path -Path $moduleFolder -ChildPath 'bin'
    if (Test-Path -LiteralPath $folder) { Remove-Item -LiteralPath $folder -Recurse -Force }
}

# powershell -File hands "Build,Test" over as one text.
$tasks = @($Task | ForEach-Object { $_ -split ',' } | ForEach-Object { $_.Trim() } | Where-Object { $_ -ne '' })
foreach ($name in $tasks) {
    if (@('Build', 'Test', 'Pester', 'Clean') -notcontains $name) {
        throw "There is no task '$name'. The tasks are Build, Test, Pester and Clean; several are separated by commas."
    }
}

Push-Location -LiteralPath $root
try {
    foreach ($name in $tasks) {
        if ($name -eq 'Build') { Invoke-BuildTask }
        if ($name -eq 'Test') { Invoke-TestTask }
        if ($name -eq 'Pester') { Invoke-PesterTask }
        if ($name -eq 'Clean') { Invoke-CleanTask }
    }
}
finally {
    Pop-Location
}
