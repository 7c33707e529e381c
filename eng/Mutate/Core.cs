using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Microsoft.CodeAnalysis.CSharp.Syntax;

namespace Metering.Mutate;

/// <summary>The sources of the core and their mutants, compiled in this process.</summary>
internal sealed class Core
{
    private static readonly CSharpParseOptions Language = new(LanguageVersion.Latest, DocumentationMode.None);

    private readonly Dictionary<string, SyntaxTree> sources;
    private readonly CSharpCompilation compilation;
    private readonly HashSet<int> alone = [];

    public Core(Workshop workshop)
    {
        sources = workshop.Sources().ToDictionary(file => file, file => Parse(workshop.PathOf(file)));
        var references = ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!).Split(Path.PathSeparator)
            .Where(path => Path.GetFileName(path).StartsWith("System.", StringComparison.Ordinal))
            .Append(Path.Combine(workshop.TestFolder, "NodaTime.dll"))
            .Select(path => MetadataReference.CreateFromFile(path));
        compilation = CSharpCompilation.Create(
            "Metering.Rating",
            [.. sources.Values, .. workshop.GeneratedSources().Select(Parse)],
            references,
            new CSharpCompilationOptions(
                OutputKind.DynamicallyLinkedLibrary,
                optimizationLevel: OptimizationLevel.Release,
                checkOverflow: true,
                nullableContextOptions: NullableContextOptions.Enable,
                generalDiagnosticOption: ReportDiagnostic.Suppress));
        List<Mutation> all = [];
        foreach (var (file, tree) in sources)
        {
            all.AddRange(Mutator.In(file, tree.GetRoot(), all.Count));
        }

        Mutations = all;
    }

    public IReadOnlyList<Mutation> Mutations { get; }

    /// <summary>Whether the mutant is in the assembly that holds them all; otherwise it needs one of its own.</summary>
    public bool IsSwitched(Mutation mutation) => mutation.Carrier is not null && !alone.Contains(mutation.Id);

    /// <summary>Writes the assembly that holds all mutants which can be switched. What the compiler refuses is taken out, and it is asked again.</summary>
    public void EmitAll(string path)
    {
        for (var attempt = 0; attempt < 20; attempt++)
        {
            var switched = Switched();
            using (var file = File.Create(path))
            {
                var result = switched.Emit(file);
                if (result.Success)
                {
                    return;
                }

                TakeOut(result.Diagnostics.Where(diagnostic => diagnostic.Severity == DiagnosticSeverity.Error));
            }
        }

        throw new InvalidOperationException("The mutants do not compile together.");
    }

    /// <summary>Writes the assembly of one mutant; false when the compiler refuses it.</summary>
    public bool TryEmit(Mutation mutation, string path)
    {
        var tree = sources[mutation.File];
        var changed = tree.GetRoot().ReplaceNode(mutation.Target, mutation.Replacement ?? SyntaxFactory.EmptyStatement());
        using var file = File.Create(path);
        return compilation.ReplaceSyntaxTree(tree, CSharpSyntaxTree.Create((CSharpSyntaxNode)changed, Language, tree.FilePath)).Emit(file).Success;
    }

    private CSharpCompilation Switched()
    {
        var switched = compilation.AddSyntaxTrees(CSharpSyntaxTree.ParseText(SwitchedSource.Switch(Mutations.Count), Language));
        foreach (var file in Mutations.Where(IsSwitched).GroupBy(mutation => mutation.File))
        {
            var root = new SwitchedSource(file.ToLookup(mutation => mutation.Carrier!)).Visit(sources[file.Key].GetRoot())!;
            switched = switched.ReplaceSyntaxTree(
                sources[file.Key], CSharpSyntaxTree.Create((CSharpSyntaxNode)root, Language, sources[file.Key].FilePath));
        }

        return switched;
    }

    private void TakeOut(IEnumerable<Diagnostic> errors)
    {
        var before = alone.Count;
        foreach (var error in errors)
        {
            var node = error.Location.SourceTree!.GetRoot().FindNode(error.Location.SourceSpan, getInnermostNodeForTie: true);
            var around = node.AncestorsAndSelf().Select(MarkOf).FirstOrDefault(id => id is not null);
            if (around is { } id)
            {
                alone.Add(id);
                continue;
            }

            // The error is a consequence elsewhere in the member, such as a variable that may not be assigned. What leaves out a jump is the
            // likeliest cause, then what leaves out another statement.
            var member = node.AncestorsAndSelf().OfType<MemberDeclarationSyntax>().First();
            var within = member.DescendantNodes().Where(inner => MarkOf(inner) is not null).ToList();
            List<SyntaxNode>[] suspects =
            [
                [.. within.OfType<IfStatementSyntax>().Where(LeavesOutJump)],
                [.. within.OfType<StatementSyntax>()],
                within,
            ];
            alone.UnionWith(suspects.First(some => some.Count > 0).Select(inner => MarkOf(inner)!.Value));
        }

        if (alone.Count == before)
        {
            throw new InvalidOperationException(string.Join('\n', errors.Take(5)));
        }
    }

    private static bool LeavesOutJump(IfStatementSyntax switched) =>
        switched.Statement is BlockSyntax { Statements: [ContinueStatementSyntax or ReturnStatementSyntax] };

    private static int? MarkOf(SyntaxNode node) =>
        node.GetAnnotations(SwitchedSource.Mark).Select(mark => (int?)int.Parse(mark.Data!)).FirstOrDefault();

    private static SyntaxTree Parse(string path) => CSharpSyntaxTree.ParseText(File.ReadAllText(path), Language, path);
}
