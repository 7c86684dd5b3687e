using System.Runtime.InteropServices;
using static Proxy.Transport.Epoll.LinuxConstants;

namespace Proxy.Transport.Epoll;

/// <summary>A <see cref="UdpSteering"/> as the program that Linux runs for each datagram (classic BPF, SO_ATTACH_REUSEPORT_CBPF, Linux 4.5).</summary>
internal static unsafe class SocketFilter
{
    // linux/bpf_common.h: class | size or operation | mode or source
    private const ushort LoadByte = 0x30;
    private const ushort LoadWord = 0x20;
    private const ushort JumpIfEqual = 0x15;
    private const ushort Modulo = 0x94;
    private const ushort ReturnAccumulator = 0x16;
    private const ushort ReturnConstant = 0x06;
    private const int InstructionsOfRule = 4;

    /// <summary>Steers to all sockets that share the address of this one. Gives the error number, or 0.</summary>
    public static int Attach(int descriptor, UdpSteering steering)
    {
        if (steering.Sockets < 1 || steering.Rules.Count > UdpSteering.MaximumRules)
        {
            throw new ArgumentException($"{steering.Sockets} sockets, {steering.Rules.Count} rules.", nameof(steering));
        }

        var program = Assemble(steering);
        fixed (Instruction* first = program)
        {
            var header = new Program { Count = (ushort)program.Length, First = first };
            return Libc.SetOption(descriptor, SocketLevel, AttachReusePortFilter, &header, (uint)sizeof(Program)) == 0 ? 0 : Errno.Last;
        }
    }

    // A word beyond the end of the datagram ends the program with 0: the first socket, which knows what to do with such a thing. A number that
    // is no socket's leaves the choice to the kernel.
    private static Instruction[] Assemble(UdpSteering steering)
    {
        var program = new List<Instruction> { new(LoadByte, 0, 0, 0) };
        foreach (var rule in steering.Rules)
        {
            program.Add(new Instruction(JumpIfEqual, 0, InstructionsOfRule - 1, rule.FirstByte));
            program.Add(new Instruction(LoadWord, 0, 0, (uint)rule.Offset));
            program.Add(new Instruction(Modulo, 0, 0, (uint)steering.Sockets));
            program.Add(new Instruction(ReturnAccumulator, 0, 0, 0));
        }

        program.Add(new Instruction(ReturnConstant, 0, 0, uint.MaxValue));
        return [.. program];
    }

    // struct sock_filter
    [StructLayout(LayoutKind.Sequential)]
    private readonly record struct Instruction(ushort Code, byte JumpIfTrue, byte JumpIfFalse, uint Value);

    // struct sock_fprog
    [StructLayout(LayoutKind.Sequential)]
    private struct Program
    {
        public ushort Count;
        public Instruction* First;
    }
}
