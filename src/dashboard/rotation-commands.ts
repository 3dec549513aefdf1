import { type Due, nameOf } from "../escrow/rotation.ts";

/** Where a recovery password is kept, which decides how it is rotated. */
export const DIRECTORIES = ["entra", "ad", "mbam"] as const;
export type Directory = (typeof DIRECTORIES)[number];

const SPELLINGS: Readonly<Record<Directory, RegExp>> = {
  entra: /entra|azure|aad|intune/i,
  ad: /^ad$|ad ?ds|active ?directory|ldap/i,
  mbam: /mbam|configmgr|configuration manager|sccm/i,
};

/**
 * What the directory team runs to rotate these passwords, with the devices filled in: PowerShell for Entra/Intune and
 * Active Directory, SQL for MBAM and ConfigMgr. A device whose directory nobody knows is in every part. No password is
 * in it, and none is shown by running it.
 */
export function rotationCommands(due: readonly Due[], directory: Directory): string {
  const own = due.filter((each) => isIn(each, directory));
  if (own.length === 0) return "";
  return { entra, ad, mbam }[directory](own);
}

function isIn({ deposit }: Due, directory: Directory): boolean {
  const named = deposit?.directory ?? null;
  const known = named !== null && DIRECTORIES.some((each) => SPELLINGS[each].test(named));
  if (known) return SPELLINGS[directory].test(named);
  return deposit?.deviceId == null || directory === "entra";
}

/** Single quotes, doubled inside; PowerShell takes the typographic ones for quotes as well. Control characters go. */
function quoted(text: string): string {
  return `'${text.replaceAll(/\p{C}/gu, "").replaceAll(/['\u2018-\u201b]/g, "$&$&")}'`;
}

function list(due: readonly Due[], row: (each: Due) => string): string {
  return [...new Set(due.map(row))].join("\n");
}

function entra(due: readonly Due[]): string {
  const rows = list(due, (each) => {
    const [name, id] = [nameOf(each) ?? "", each.deposit?.deviceId ?? ""];
    return `  @{ Name = ${quoted(name)}; DeviceId = ${quoted(id)} }`;
  });
  return `# Entra ID with Intune, by Microsoft Graph. It takes the policy "Client-driven recovery password rotation", which
# has to be on for these devices; each makes a new password the next time it checks in.
# Role: Help Desk Operator of Intune ("Rotate BitLocker Keys"). Module: Microsoft.Graph.Authentication.
Connect-MgGraph -Scopes DeviceManagementManagedDevices.Read.All, DeviceManagementManagedDevices.PrivilegedOperations.All
$managed = '/beta/deviceManagement/managedDevices'
$devices = @(
${rows}
)
foreach ($device in $devices) {
  $name = $device.Name.Replace("'", "''")
  $filter = if ($device.DeviceId) { "azureADDeviceId eq '$($device.DeviceId)'" } else { "deviceName eq '$name'" }
  $found = @((Invoke-MgGraphRequest -Method GET -Uri "$managed\`?\`$filter=$([uri]::EscapeDataString($filter))").value)
  if ($found.Count -ne 1) { Write-Warning "$($device.Name): $($found.Count) managed devices fit, none was touched"; continue }
  Invoke-MgGraphRequest -Method POST -Uri "$managed/$($found[0].id)/rotateBitLockerKeys"
}
`;
}

function ad(due: readonly Due[]): string {
  const rows = list(due, (each) => {
    return `  @{ Device = ${quoted(nameOf(each) ?? "")}; Released = '{${each.protectorId}}' }`;
  });
  return `# Active Directory: as an administrator of these devices, where they can be reached by WinRM. The new password comes
# first, then its copy in the directory, and only then the old one goes: no device is ever without one.
$due = @(
${rows}
)
foreach ($each in $due) {
  if (-not $each.Device) { Write-Warning "No name is known for the device with $($each.Released)"; continue }
  Invoke-Command -ComputerName $each.Device -ArgumentList $each.Released -ScriptBlock {
    param($released)
    $volume = Get-BitLockerVolume | Where-Object { $_.KeyProtector.KeyProtectorId -contains $released }
    if (-not $volume) { Write-Warning "\${env:COMPUTERNAME} has no \${released}: rotated already?"; return }
    $drive = $volume.MountPoint
    $before = $volume.KeyProtector.KeyProtectorId
    manage-bde -protectors -add $drive -RecoveryPassword | Out-Null
    $new = (Get-BitLockerVolume $drive).KeyProtector.KeyProtectorId | Where-Object { $before -notcontains $_ }
    if (-not $new) { Write-Warning "\${env:COMPUTERNAME}: no new password was made, the old one stays"; return }
    manage-bde -protectors -adbackup $drive -id $new | Out-Null
    if ($LASTEXITCODE -ne 0) { Write-Warning "\${env:COMPUTERNAME}: the directory did not take it, the old one stays"; return }
    manage-bde -protectors -delete $drive -id $released | Out-Null
  }
}
`;
}

function mbam(due: readonly Due[]): string {
  const rows = list(due, ({ protectorId }) => `  '${protectorId}'`).replaceAll("\n", ",\n");
  return `-- MBAM and ConfigMgr: the agent makes a new password by itself for one that counts as disclosed, when it next checks in
-- (ClientWakeupFrequency, 90 minutes unless it was changed). What Microsoft supports: open each of these IDs once in the
-- help desk portal (Drive Recovery), which marks it. For many, the same mark in the database; try it on one device first.
-- MBAM, database "MBAM Recovery and Hardware"; in a ConfigMgr site database the table is dbo.RecoveryAndHardwareCore_Keys.
UPDATE RecoveryAndHardwareCore.Keys SET Disclosed = 1 WHERE RecoveryKeyId IN (
${rows}
);
`;
}
