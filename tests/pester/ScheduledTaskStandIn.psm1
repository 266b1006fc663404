# Stand-ins for the commands of the ScheduledTasks module, for tests that register nothing. They take what the real ones take, as far as the
# module uses it, and give objects of what they were given.
Set-StrictMode -Version 2.0

$script:Tasks = @()

# The calls of Register-ScheduledTask since the last Clear-RegisteredTask.
function Get-RegisteredTask {
    $script:Tasks
}

function Clear-RegisteredTask {
    $script:Tasks = @()
}

function New-ScheduledTaskAction {
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)] [string] $Execute, [string] $Argument)
    [pscustomobject] @{ Execute = $Execute; Argument = $Argument }
}

function New-ScheduledTaskTrigger {
    [CmdletBinding()]
    param([switch] $Daily, [Parameter(Mandatory = $true)] [datetime] $At)
    [pscustomobject] @{ Daily = $Daily.IsPresent; At = $At }
}

function New-ScheduledTaskPrincipal {
    [CmdletBinding()]
    param([Parameter(Mandatory = $true)] [string] $UserId, [ValidateSet('Password', 'ServiceAccount', 'S4U', 'Interactive', 'None')] [string] $LogonType)
    [pscustomobject] @{ UserId = $UserId; LogonType = $LogonType }
}

function New-ScheduledTaskSettingsSet {
    [CmdletBinding()]
    param(
        [switch] $StartWhenAvailable,
        [ValidateSet('Parallel', 'Queue', 'IgnoreNew')] [string] $MultipleInstances,
        [timespan] $ExecutionTimeLimit
    )
    [pscustomobject] @{ StartWhenAvailable = $StartWhenAvailable.IsPresent; MultipleInstances = $MultipleInstances; ExecutionTimeLimit = $ExecutionTimeLimit }
}

function New-ScheduledTask {
    [CmdletBinding()]
    param([object] $Action, [object] $Trigger, [object] $Settings, [object] $Principal, [string] $Description)
    [pscustomobject] @{ Action = $Action; Trigger = $Trigger; Settings = $Settings; Principal = $Principal; Description = $Description }
}

function Register-ScheduledTask {
    [CmdletBinding()]
    param([object] $InputObject, [string] $TaskName, [string] $User, [string] $Password, [switch] $Force)
    if ($TaskName -eq 'refused') {
        Write-Error -Message 'Access is denied.' -Category PermissionDenied
        return
    }
    $task = [pscustomobject] @{ TaskName = $TaskName; Task = $InputObject; User = $User; Password = $Password; Force = $Force.IsPresent }
    $script:Tasks += $task
    $task
}

Export-ModuleMember -Function Get-RegisteredTask, Clear-RegisteredTask, New-ScheduledTaskAction, New-ScheduledTaskTrigger,
    New-ScheduledTaskPrincipal, New-ScheduledTaskSettingsSet, New-ScheduledTask, Register-ScheduledTask
