using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Proxy.Protocol.Sealing.Ciphers;

/// <summary>An EVP_CIPHER_CTX. Freeing it wipes the key in it; a forgotten one is freed when it is collected.</summary>
internal sealed unsafe class EvpContext : SafeHandle
{
    private readonly EvpLibrary _library;

    public EvpContext(EvpLibrary library)
        : base(0, ownsHandle: true)
    {
        _library = library;
        SetHandle(library.NewContext());
        if (IsInvalid)
        {
            throw new CryptographicException("libcrypto has no memory for a cipher.");
        }
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        _library.FreeContext(handle);
        return true;
    }
}
