/**
 * The constant PowerShell script that reaches the Windows Credential Manager, and
 * the two lines that go in and out of it. Pure; no secret ever becomes a part of
 * the script.
 *
 * @module
 */

/** Starts the line with the answer on standard output. */
const ANSWER = "KR1:";
/** Printed in place of an answer when the system restricts PowerShell's language. */
const CONSTRAINED = "KR1-CLM";
/** Printed in place of an answer when the helper class cannot be compiled. */
const BLOCKED = "KR1-ADD";

/** One operation; the script runs several in one process, one after the other. */
export type Operation =
  | { op: "set"; target: string; user: string; value: string }
  | { op: "get" | "delete"; target: string }
  | { op: "list"; filter: string };

/** Outcome of one operation. */
export interface OperationResult {
  /** Error number of Windows, 0 when all went well. */
  code: number;
  /** The secret that `get` found, its bytes in base64. */
  value?: string;
  /** The targets that `list` found. */
  names?: string[];
}

/**
 * Helper class over advapi32, in C# 5: PowerShell 5.1 has an old compiler. Each
 * method returns the error number of Windows.
 */
export const HELPER_SOURCE = `using System;
using System.Collections.Generic;
using System.Runtime.InteropServices;

public static class GoFlowCredential {
  const uint Generic = 1;
  const uint LocalMachine = 2;

  [StructLayout(LayoutKind.Sequential)]
  struct Credential {
    public uint Flags;
    public uint Type;
    public IntPtr TargetName;
    public IntPtr Comment;
    public System.Runtime.InteropServices.ComTypes.FILETIME LastWritten;
    public uint BlobSize;
    public IntPtr Blob;
    public uint Persist;
    public uint AttributeCount;
    public IntPtr Attributes;
    public IntPtr TargetAlias;
    public IntPtr UserName;
  }

  [DllImport("advapi32.dll", EntryPoint = "CredWriteW", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern bool CredWrite(ref Credential credential, uint flags);
  [DllImport("advapi32.dll", EntryPoint = "CredReadW", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern bool CredRead(string target, uint type, uint reserved, out IntPtr credential);
  [DllImport("advapi32.dll", EntryPoint = "CredDeleteW", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern bool CredDelete(string target, uint type, uint flags);
  [DllImport("advapi32.dll", EntryPoint = "CredEnumerateW", CharSet = CharSet.Unicode, SetLastError = true)]
  static extern bool CredEnumerate(string filter, uint flags, out uint count, out IntPtr list);
  [DllImport("advapi32.dll", EntryPoint = "CredFree")]
  static extern void CredFree(IntPtr buffer);

  public static int Set(string target, string user, byte[] value) {
    Credential c = new Credential();
    c.Type = Generic;
    c.Persist = LocalMachine;
    c.BlobSize = (uint)value.Length;
    try {
      c.TargetName = Marshal.StringToCoTaskMemUni(target);
      c.UserName = Marshal.StringToCoTaskMemUni(user);
      c.Blob = Marshal.AllocCoTaskMem(Math.Max(1, value.Length));
      Marshal.Copy(value, 0, c.Blob, value.Length);
      return CredWrite(ref c, 0) ? 0 : Marshal.GetLastWin32Error();
    } finally {
      Array.Clear(value, 0, value.Length);
      if (c.Blob != IntPtr.Zero) Marshal.Copy(value, 0, c.Blob, value.Length);
      Marshal.FreeCoTaskMem(c.Blob);
      Marshal.FreeCoTaskMem(c.UserName);
      Marshal.FreeCoTaskMem(c.TargetName);
    }
  }

  public static int Get(string target, out byte[] value) {
    IntPtr p;
    value = null;
    if (!CredRead(target, Generic, 0, out p)) return Marshal.GetLastWin32Error();
    try {
      Credential c = (Credential)Marshal.PtrToStructure(p, typeof(Credential));
      value = new byte[c.BlobSize];
      if (c.BlobSize > 0) Marshal.Copy(c.Blob, value, 0, (int)c.BlobSize);
      return 0;
    } finally {
      CredFree(p);
    }
  }

  public static int Delete(string target) {
    return CredDelete(target, Generic, 0) ? 0 : Marshal.GetLastWin32Error();
  }

  public static int List(string filter, out string[] names) {
    uint count;
    IntPtr list;
    names = new string[0];
    if (!CredEnumerate(filter, 0, out count, out list)) return Marshal.GetLastWin32Error();
    try {
      List<string> found = new List<string>();
      for (int i = 0; i < (int)count; i++) {
        IntPtr p = Marshal.ReadIntPtr(list, i * IntPtr.Size);
        Credential c = (Credential)Marshal.PtrToStructure(p, typeof(Credential));
        if (c.Type == Generic) found.Add(Marshal.PtrToStringUni(c.TargetName));
      }
      names = found.ToArray();
      return 0;
    } finally {
      CredFree(list);
    }
  }
}
`;

/**
 * The script. In Constrained Language Mode neither .NET methods nor `Add-Type`
 * work, so that case is answered with a cmdlet before anything else. The name of
 * PowerShell's automatic variable for piped input must not occur: it would start
 * a second reader of standard input.
 */
export const SCRIPT = `if ($ExecutionContext.SessionState.LanguageMode -ne 'FullLanguage') {
  Write-Output '${CONSTRAINED}'
  exit 3
}
$ErrorActionPreference = 'Stop'
$ProgressPreference = 'SilentlyContinue'
try {
  Add-Type -TypeDefinition @'
${HELPER_SOURCE}'@
} catch {
  Write-Output '${BLOCKED}'
  exit 4
}
$reader = New-Object IO.StreamReader ([Console]::OpenStandardInput()), ([Text.Encoding]::ASCII)
$line = $reader.ReadLine()
$operations = ConvertFrom-Json ([Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($line)))
$results = @()
foreach ($o in $operations) {
  $result = @{ code = 0 }
  if ($o.op -eq 'set') {
    $result.code = [GoFlowCredential]::Set($o.target, $o.user, [Convert]::FromBase64String($o.value))
  } elseif ($o.op -eq 'get') {
    [byte[]]$value = $null
    $result.code = [GoFlowCredential]::Get($o.target, [ref]$value)
    if ($result.code -eq 0) {
      $result.value = [Convert]::ToBase64String($value)
    }
  } elseif ($o.op -eq 'delete') {
    $result.code = [GoFlowCredential]::Delete($o.target)
  } elseif ($o.op -eq 'list') {
    [string[]]$names = $null
    $result.code = [GoFlowCredential]::List($o.filter, [ref]$names)
    $result.names = @($names)
  } else {
    $result.code = 87
  }
  $results += $result
}
$json = ConvertTo-Json -Compress -Depth 4 -InputObject @($results)
[Console]::Out.Write('${ANSWER}' + [Convert]::ToBase64String([Text.Encoding]::UTF8.GetBytes($json)))
`;

/** Arguments of `powershell.exe`; the same for every call. */
export function scriptArguments(): string[] {
  return [
    "-NoLogo",
    "-NoProfile",
    "-NonInteractive",
    "-ExecutionPolicy",
    "Bypass",
    "-OutputFormat",
    "Text",
    "-EncodedCommand",
    utf16(SCRIPT).toBase64(),
  ];
}

/** The line for standard input, pure ASCII. */
export function requestLine(operations: readonly Operation[]): string {
  return `${new TextEncoder().encode(JSON.stringify(operations)).toBase64()}\n`;
}

/** Why there is no answer. */
export type NoAnswer = "constrained" | "blocked" | "none";

/** Reads the answer out of standard output, whatever else a profile or policy printed there. */
export function parseAnswer(output: string): OperationResult[] | NoAnswer {
  const lines = output.split(/\r?\n/).map((line) => line.replace(/^\uFEFF/, "").trim());
  if (lines.includes(CONSTRAINED)) return "constrained";
  if (lines.includes(BLOCKED)) return "blocked";
  const answer = lines.find((line) => line.startsWith(ANSWER));
  if (answer === undefined) return "none";
  try {
    const json = new TextDecoder().decode(Uint8Array.fromBase64(answer.slice(ANSWER.length)));
    const results: unknown = JSON.parse(json);
    return Array.isArray(results) && results.every(isResult) ? results : "none";
  } catch {
    return "none";
  }
}

function isResult(value: unknown): value is OperationResult {
  return typeof value === "object" && value !== null && "code" in value &&
    typeof value.code === "number";
}

function utf16(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length * 2);
  const view = new DataView(bytes.buffer);
  for (let index = 0; index < text.length; index++) {
    view.setUint16(index * 2, text.charCodeAt(index), true);
  }
  return bytes;
}
