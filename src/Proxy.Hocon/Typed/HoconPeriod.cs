namespace Proxy.Hocon;

/// <summary>A span of the calendar, whose length depends on where it starts.</summary>
public readonly record struct HoconPeriod(int Years, int Months, int Days);
