using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace Proxy.Protocol.Sealing.Ciphers;

/// <summary>
/// OpenSSL's libcrypto, bound by name when the process first asks, or absent. .NET's own AesGcm calls the same code, but clears OpenSSL's
/// error queue before each of its six calls per datagram, which costs as much as the encryption.
/// </summary>
internal sealed unsafe class EvpLibrary
{
    private static readonly string[] Names = ["libcrypto.so.3", "libcrypto.so.1.1"];

    private readonly nint _library;

    private EvpLibrary(string name, nint library)
    {
        Name = name;
        _library = library;
        NewContext = (delegate* unmanaged<nint>)Export("EVP_CIPHER_CTX_new");
        FreeContext = (delegate* unmanaged<nint, void>)Export("EVP_CIPHER_CTX_free");
        Control = (delegate* unmanaged[SuppressGCTransition]<nint, int, int, byte*, int>)Export("EVP_CIPHER_CTX_ctrl");
        BeginEncrypt = (delegate* unmanaged[SuppressGCTransition]<nint, nint, nint, byte*, byte*, int>)Export("EVP_EncryptInit_ex");
        Encrypt = (delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, byte*, int, int>)Export("EVP_EncryptUpdate");
        EndEncrypt = (delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, int>)Export("EVP_EncryptFinal_ex");
        BeginDecrypt = (delegate* unmanaged[SuppressGCTransition]<nint, nint, nint, byte*, byte*, int>)Export("EVP_DecryptInit_ex");
        Decrypt = (delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, byte*, int, int>)Export("EVP_DecryptUpdate");
        EndDecrypt = (delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, int>)Export("EVP_DecryptFinal_ex");
        ClearErrors = (delegate* unmanaged[SuppressGCTransition]<void>)Export("ERR_clear_error");
        Aes256Gcm = FetchAes256Gcm();
    }

    /// <summary>Null where no known libcrypto is, or it does not compute what it should.</summary>
    public static EvpLibrary? Instance { get; } = TryLoad();

    /// <summary>The file that was loaded.</summary>
    public string Name { get; }

    /// <summary>The cipher's method table, which lives as long as the process.</summary>
    public nint Aes256Gcm { get; }

    public delegate* unmanaged<nint> NewContext { get; }

    /// <summary>Wipes the key in it, too.</summary>
    public delegate* unmanaged<nint, void> FreeContext { get; }

    public delegate* unmanaged[SuppressGCTransition]<nint, int, int, byte*, int> Control { get; }

    public delegate* unmanaged[SuppressGCTransition]<nint, nint, nint, byte*, byte*, int> BeginEncrypt { get; }

    public delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, byte*, int, int> Encrypt { get; }

    public delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, int> EndEncrypt { get; }

    public delegate* unmanaged[SuppressGCTransition]<nint, nint, nint, byte*, byte*, int> BeginDecrypt { get; }

    public delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, byte*, int, int> Decrypt { get; }

    public delegate* unmanaged[SuppressGCTransition]<nint, byte*, int*, int> EndDecrypt { get; }

    public delegate* unmanaged[SuppressGCTransition]<void> ClearErrors { get; }

    private static EvpLibrary? TryLoad()
    {
        foreach (var name in Names)
        {
            if (!NativeLibrary.TryLoad(name, out var library))
            {
                continue;
            }

            try
            {
                var bound = new EvpLibrary(name, library);
                if (bound.Aes256Gcm != 0 && EvpAesGcm.ComputesTheKnownAnswer(bound))
                {
                    return bound;
                }
            }
            catch (Exception failure) when (failure is EntryPointNotFoundException or CryptographicException)
            {
                // Another library by that name, or one that was built or told to do without this part; the next may be better.
            }
        }

        return null;
    }

    private nint FetchAes256Gcm()
    {
        if (NativeLibrary.TryGetExport(_library, "EVP_CIPHER_fetch", out var fetch))
        {
            fixed (byte* name = "AES-256-GCM\0"u8)
            {
                return ((delegate* unmanaged<nint, byte*, byte*, nint>)fetch)(0, name, null);
            }
        }

        return ((delegate* unmanaged<nint>)Export("EVP_aes_256_gcm"))();
    }

    private nint Export(string name) => NativeLibrary.GetExport(_library, name);
}
