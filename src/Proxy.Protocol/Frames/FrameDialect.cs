namespace Proxy.Protocol.Frames;

/// <summary>Which frames a tunnel speaks.</summary>
public enum FrameDialect : byte
{
    /// <summary>vproxy's: SETTINGS first, HEADERS empty, no credit, DATA perhaps compressed.</summary>
    Vproxy,

    /// <summary>Ours: no SETTINGS, HEADERS with credit or reason, WINDOW_UPDATE, no compression.</summary>
    Native,
}
