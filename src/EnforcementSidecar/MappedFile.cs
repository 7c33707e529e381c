using System.IO.MemoryMappedFiles;

namespace Metering.EnforcementSidecar;

/// <summary>
/// A file of the data directory as memory that outlives the process. It stays locked as long as it is mapped, and is for its owner only.
/// </summary>
internal sealed unsafe class MappedFile : IDisposable
{
    private readonly FileStream file;
    private readonly MemoryMappedFile map;
    private readonly MemoryMappedViewAccessor view;
    private readonly byte* start;

    public MappedFile(FileStream file)
    {
        this.file = file;
        map = MemoryMappedFile.CreateFromFile(file, null, 0, MemoryMappedFileAccess.ReadWrite, HandleInheritability.None, leaveOpen: true);
        view = map.CreateViewAccessor();
        view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
    }

    public byte* Start => start;

    /// <summary>To be given its length, and then mapped.</summary>
    /// <exception cref="IOException">Another process uses the file.</exception>
    public static FileStream Open(string path) => new(path, new FileStreamOptions
    {
        Mode = FileMode.OpenOrCreate,
        Access = FileAccess.ReadWrite,
        Share = FileShare.None,
        UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
    });

    public void Dispose()
    {
        view.SafeMemoryMappedViewHandle.ReleasePointer();
        view.Dispose();
        map.Dispose();
        file.Dispose();
    }
}
