// Calls the library from .NET as the PowerShell module does: the signatures are read from the module's own table, a type with
// these methods is built at run time, and every function is called through it. C# 5, for Mono and .NET Framework.
//   Native.exe MODULE.psm1 LIBRARY VERSION

using System;
using System.Collections.Generic;
using System.IO;
using System.Linq;
using System.Reflection;
using System.Reflection.Emit;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.RegularExpressions;

// The answer of a call.
sealed class Answer
{
    public uint Status;
    public string Text;
}

// The module's declarations, as methods.
sealed class Library
{
    readonly Type methods;
    readonly HashSet<string> called = new HashSet<string>();

    public readonly List<string> Names = new List<string>();

    public Library(string module, string path)
    {
        AssemblyName name = new AssemblyName("ExchangeControl.Native");
        AssemblyBuilder assembly = AppDomain.CurrentDomain.DefineDynamicAssembly(name, AssemblyBuilderAccess.Run);
        TypeBuilder type = assembly.DefineDynamicModule(name.Name).DefineType("ExchangeControl.NativeMethods",
            TypeAttributes.Public | TypeAttributes.Abstract | TypeAttributes.Sealed | TypeAttributes.Class);
        // What New-NativeType hands to DefinePInvokeMethod after the parameters: calling convention and characters.
        Match convention = Regex.Match(module, @"\[type\[\]\] \$entry\.Value\[1\], '(\w+)', '(\w+)'\)");
        if (!convention.Success) throw new Exception("the module defines no methods");
        // name = @(return type, @(parameter types))
        foreach (Match entry in Regex.Matches(module, @"(?m)^\s*(xc_\w+)\s*=\s*@\(\s*(\S+)\s*,\s*@\((.*)\)\s*\)\s*$"))
        {
            Type[] parameters = entry.Groups[3].Value.Split(',').Select(part => part.Trim()).Where(part => part != "").Select(TypeOf).ToArray();
            MethodBuilder method = type.DefinePInvokeMethod(entry.Groups[1].Value, path,
                MethodAttributes.Public | MethodAttributes.Static | MethodAttributes.PinvokeImpl, CallingConventions.Standard,
                TypeOf(entry.Groups[2].Value), parameters,
                (CallingConvention)Enum.Parse(typeof(CallingConvention), convention.Groups[1].Value),
                (CharSet)Enum.Parse(typeof(CharSet), convention.Groups[2].Value));
            method.SetImplementationFlags(method.GetMethodImplementationFlags() | MethodImplAttributes.PreserveSig);
            Names.Add(entry.Groups[1].Value);
        }
        methods = type.CreateType();
    }

    // What the module's words for types stand for.
    static Type TypeOf(string word)
    {
        switch (word)
        {
            case "[void]": return typeof(void);
            case "[uint32]": return typeof(uint);
            case "$ptr": return typeof(IntPtr);
            case "$size": return typeof(UIntPtr);
            case "$bytes": return typeof(byte[]);
            case "$refPtr": return typeof(IntPtr).MakeByRefType();
            case "$refSize": return typeof(UIntPtr).MakeByRefType();
            default: throw new Exception("the module has a type that this program does not know: " + word);
        }
    }

    public object Call(string name, params object[] arguments)
    {
        called.Add(name);
        return methods.GetMethod(name).Invoke(null, arguments);
    }

    public IEnumerable<string> NotCalled
    {
        get { return Names.Where(name => !called.Contains(name)); }
    }

    // A call whose last two parameters are the answer. What it writes to the others stays in `before`.
    Answer Ask(string name, object[] before)
    {
        object[] arguments = before.Concat(new object[] { new IntPtr(1), new UIntPtr(12345) }).ToArray();
        Answer answer = new Answer();
        answer.Status = (uint)Call(name, arguments);
        Array.Copy(arguments, before, before.Length);
        IntPtr pointer = (IntPtr)arguments[before.Length];
        UIntPtr size = (UIntPtr)arguments[before.Length + 1];
        byte[] bytes = new byte[size.ToUInt64()];
        if (bytes.Length > 0) Marshal.Copy(pointer, bytes, 0, bytes.Length);
        Call("xc_buffer_free", pointer, size);
        // Bytes that are not UTF-8 must not come.
        answer.Text = new UTF8Encoding(false, true).GetString(bytes);
        return answer;
    }

    public Answer Version() { return Ask("xc_version", new object[0]); }
    public Answer Controls(byte[] request) { return Ask("xc_controls", new object[] { request, Size(request) }); }
    public Answer Report(byte[] request) { return Ask("xc_report", new object[] { request, Size(request) }); }
    public Answer Next(IntPtr run, uint timeout) { return Ask("xc_run_next", new object[] { run, timeout }); }

    public Answer Start(byte[] request, out IntPtr run)
    {
        object[] before = { request, Size(request), new IntPtr(1) };
        Answer answer = Ask("xc_run_start", before);
        run = (IntPtr)before[2];
        return answer;
    }

    static UIntPtr Size(byte[] request)
    {
        return new UIntPtr(request == null ? 0UL : (ulong)request.Length);
    }
}

static class Program
{
    const uint Ok = 0, Done = 2, Null = 16, Utf8 = 17, Request = 18, NoControl = 19;
    const string Ids = "\"controlIds\":[\"EDCA-TLS-011\",\"EX16-ED-000170\"]";

    static Library library;

    static void Expect(bool condition, string what, string found = "")
    {
        if (condition) return;
        Console.Error.WriteLine("FAILED {0}: {1}", what, found);
        Environment.Exit(1);
    }

    static void Expect(Answer answer, uint status, string part, string what)
    {
        Expect(answer.Status == status && answer.Text.Contains(part), what,
            string.Format("status {0} and {1}; expected status {2} and {3}", answer.Status, answer.Text, status, part));
    }

    static byte[] Bytes(string text) { return Encoding.UTF8.GetBytes(text); }

    static string Connector(string name, bool ignores)
    {
        return "{\"Identity\":\"" + name + "\",\"Enabled\":true,\"IgnoreSTARTTLS\":" + (ignores ? "true" : "false") +
            ",\"AddressSpaces\":[\"SMTP:*;1\"],\"SmartHosts\":[],\"DNSRoutingEnabled\":true,\"RequireTLS\":false}";
    }

    // Reads a run to its end: the batches of results, and what the end says.
    static List<string> Read(IntPtr run, out string over)
    {
        List<string> batches = new List<string>();
        for (; ; )
        {
            Answer answer = library.Next(run, 100);
            Expect(answer.Status <= Done, "a run goes on to its end", answer.Text);
            over = answer.Text;
            if (answer.Status == Done) return batches;
            if (answer.Status == Ok) batches.Add(answer.Text);
        }
    }

    static void SaysWhatItIs(string module, string version)
    {
        string abi = Regex.Match(module, @"(?m)^\$script:AbiVersion = (\d+)").Groups[1].Value;
        uint found = (uint)library.Call("xc_abi_version");
        Expect(found.ToString() == abi, "the module was made for this interface", found + ", the module " + abi);
        Expect(library.Version(), Ok, "{\"name\":\"exchange-control\",\"version\":\"" + version + "\",\"abiVersion\":" + abi + "}", "version");
    }

    static void ListsControls()
    {
        Answer all = library.Controls(null);
        Expect(all, Ok, "\"id\":\"EDCA-TLS-011\"", "no request lists the built-in controls");
        Expect(library.Controls(new byte[0]).Text == all.Text, "an empty request lists the same");
        Expect(library.Controls(Bytes("{}")).Text == all.Text, "an empty object lists the same");
        Expect(library.Controls(Bytes("{\"controlIds\":[\"B\u00FCrgersteig \u65E5\u672C\"]}")), Ok, "B\u00FCrgersteig \u65E5\u672C", "an id beyond ASCII comes back");
    }

    static void RunsControls()
    {
        string[] names = { "Z\u00FCrich", "\u65E5\u672C\u8A9E", "\u041F\u043E\u0447\u0442\u0430", "\U0001D11E clef", "'; calc #", "e\u0301\u200F\u202E", new string('\u20AC', 70000) };
        IntPtr run;
        string targets = string.Join(",", names.Select((name, index) => Connector(name, index % 2 == 0)));
        Answer started = library.Start(Bytes("{" + Ids + ",\"targets\":[" + targets + "]}"), out run);
        Expect(started, Ok, "{\"total\":14,\"errors\":[]}", "a run starts");
        Expect(run != IntPtr.Zero && run != new IntPtr(1), "a run has a handle");
        Expect((uint)library.Call("xc_live_runs") == 1, "one run is alive");
        string over;
        string results = string.Join("", Read(run, out over));
        foreach (string name in names) Expect(results.Contains("\"identity\":\"" + name + "\""), "a name comes back", name);
        Expect(over.Contains("\"counts\":{\"Pass\":3,\"Fail\":4,\"Unknown\":0,\"NotApplicable\":7}"), "the run is counted", over);
        Expect(over.Contains("\"cancelled\":false,\"exitCode\":1"), "the run was not cancelled", over);
        Expect(library.Next(run, 0).Text == over, "the end is said again");
        library.Call("xc_run_free", run);
        Expect((uint)library.Call("xc_live_runs") == 0, "no run is left");
    }

    static void Cancels()
    {
        IntPtr run;
        string targets = string.Join(",", Enumerable.Range(0, 500).Select(number => Connector("C-" + number, true)));
        library.Start(Bytes("{" + Ids + ",\"targets\":[" + targets + "]}"), out run);
        Expect((uint)library.Call("xc_run_cancel", run) == Ok, "a run can be cancelled");
        Expect(library.Next(run, uint.MaxValue), Done, "\"cancelled\":true", "a cancelled run is over");
        library.Call("xc_run_free", run);
    }

    static void Reports()
    {
        IntPtr run;
        string over;
        library.Start(Bytes("{" + Ids + ",\"targets\":[" + Connector("Z\u00FCrich \u2709", true) + "]}"), out run);
        string results = Regex.Match(string.Join("", Read(run, out over)), "\"results\":\\[.*\\](?=,\"progress\")", RegexOptions.Singleline).Value;
        library.Call("xc_run_free", run);
        string document = "{" + results + "," + over.Substring(1);
        Expect(library.Report(Bytes("{\"format\":\"table\",\"document\":" + document + "}")), Ok, "Set-SendConnector -Identity 'Z\u00FCrich \u2709' -IgnoreSTARTTLS $false", "a table");
        Expect(library.Report(Bytes("{\"format\":\"json\",\"document\":" + document + "}")), Ok, "\"identity\": \"Z\u00FCrich \u2709\"", "a JSON document");

        // A report of nothing is no bytes at all.
        library.Start(Bytes("{" + Ids + ",\"targets\":[]}"), out run);
        Read(run, out over);
        library.Call("xc_run_free", run);
        Answer nothing = library.Report(Bytes("{\"format\":\"ndjson\",\"document\":{\"results\":[]," + over.Substring(1) + "}"));
        Expect(nothing.Status == Ok && nothing.Text == "", "an empty report", nothing.Text);
    }

    static void Refuses()
    {
        IntPtr run;
        Action<byte[], uint, string, string> refused = (request, status, part, what) =>
        {
            Expect(library.Start(request, out run), status, part, what);
            Expect(run == IntPtr.Zero, what + ": no run");
        };
        refused(null, Request, "\"code\":\"invalid-request\"", "nothing");
        refused(Bytes("{\"targets\":7}"), Request, "\"path\":\"/targets\"", "no list");
        refused(Bytes("{\"targets\":[],\"testPanic\":true}"), Request, "testPanic", "what only tests need");
        refused(new byte[] { 0x7B, 0xFF, 0x7D }, Utf8, "\"code\":\"invalid-utf8\"", "bytes that are not UTF-8");
        refused(Encoding.Unicode.GetBytes("{}"), Request, "\"error\":{", "UTF-16");
        refused(Bytes("{\"targets\":[],\"controlIds\":[\"\u00DCberall\"]}"), NoControl, "\u00DCberall", "no such control");
        Expect(library.Controls(Bytes("[]")), Request, "\"error\":{", "a list of controls for a list");
        Expect(library.Report(Bytes("{}")), Request, "\"error\":{", "a report of no document");
        Expect(library.Next(IntPtr.Zero, 60000), Null, "\"code\":\"null-argument\"", "no run to ask");
        Expect((uint)library.Call("xc_run_cancel", IntPtr.Zero) == Null, "no run to cancel");
        library.Call("xc_run_free", IntPtr.Zero);
        library.Call("xc_buffer_free", IntPtr.Zero, UIntPtr.Zero);
        Expect((uint)library.Call("xc_live_runs") == 0, "no run is left");
    }

    // Arrays that move while the library is not looking, and buffers that are not given back, would show.
    static void GoesOn()
    {
        byte[] request = Bytes("{" + Ids + ",\"targets\":[" + Connector("A", true) + "]}");
        for (int turn = 0; turn < 2000; turn++)
        {
            IntPtr run;
            string over;
            Expect(library.Start(request, out run), Ok, "\"total\":2", "a run starts again");
            Read(run, out over);
            library.Call("xc_run_free", run);
            if (turn % 100 == 0) GC.Collect();
        }
    }

    static int Main(string[] arguments)
    {
        string module = File.ReadAllText(arguments[0]);
        string path = arguments[1];
        Expect(Path.IsPathRooted(path) && File.Exists(path), "the library is named by its whole path", path);
        library = new Library(module, path);
        SaysWhatItIs(module, arguments[2]);
        ListsControls();
        RunsControls();
        Cancels();
        Reports();
        Refuses();
        GoesOn();
        Expect(!library.NotCalled.Any(), "every function was called", string.Join(" ", library.NotCalled));
        Console.WriteLine("ok {0} functions called from .NET", library.Names.Count);
        return 0;
    }
}
